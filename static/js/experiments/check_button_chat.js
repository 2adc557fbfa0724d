// <check-button-chat>: HTTP cannot call you back, so here is a button that asks.
//
// Somebody talks at random moments; you see it when you check. Measures: `useless` (% of your checks), `mean`
// (ms, how old a message was when you saw it).

import { button } from "../lab/controls.js";
import { element } from "../site/element.js";
import { mean, moments, seeded } from "../site/statistics.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sleep, sendAt } from "../lab/room_reader.js";
import { seconds } from "../site/formatting.js";

const SEED = 1;
const LENGTH_MS = 60_000;
const COUNT = 9;

class CheckButtonChat extends Lab {
  static heading = "A chat with nothing but a button";
  #reader = null;

  controls() {
    this.check = button("Check", () => this.#check());
    this.check.disabled = true;
    return [this.check];
  }

  output() {
    this.log = element("ol.lab-log", { ariaLive: "polite", ariaLabel: "What your checks found" });
    this.counter = element("p.lab-counter", {}, "Checks: 0 · useless: 0");
    return [this.counter, this.log];
  }

  async experiment(signal) {
    this.url = `/rooms/${ownRoom("check")}`;
    this.checks = [];
    this.log.replaceChildren();
    this.#reader = new RoomReader((received) => received.forEach((one) => this.#found(one)));
    await this.#ask();
    this.check.disabled = false;
    signal.addEventListener("abort", () => (this.check.disabled = true));
    sendAt(this.url, moments(COUNT, LENGTH_MS, seeded(SEED)), signal);
    await this.#minute(signal);
    await this.#ask(); // ours, for the messages that you left: it is no check of yours
    return this.#result();
  }

  async #minute(signal) {
    for (let left = LENGTH_MS / 1000; left > 0; left -= 1) {
      this.report(
        `Somebody talks now and then. Press Check when you think that there is something: ${left} s to go.`,
      );
      await sleep(1000, signal);
    }
  }

  async #ask() {
    const response = await fetch(`${this.url}/short-polling?cursor=${this.#reader.cursor}`, {
      cache: "no-store",
    });
    this.#reader.apply(await response.json());
  }

  async #check() {
    const before = this.#reader.received.length;
    await this.#ask();
    this.checks.push({ at: performance.now(), found: this.#reader.received.length - before });
    const useless = this.checks.filter(({ found }) => found === 0).length;
    this.counter.textContent = `Checks: ${this.checks.length} · useless: ${useless}`;
  }

  #found({ id, delay }) {
    this.log.append(element("li", {}, `message ${id}, ${seconds(delay)} old`));
    this.log.scrollTop = this.log.scrollHeight;
  }

  #result() {
    const { delays, received } = this.#reader;
    const useless = this.checks.filter(({ found }) => found === 0).length;
    const checks = this.checks.length;
    const values = { useless: checks ? (100 * useless) / checks : undefined, mean: mean(delays), checks };
    const summary =
      `${checks} checks, ${useless} of them useless; a message was ${seconds(values.mean)} old when ` +
      `you saw it, on average. We fetched what you hadn’t checked when time ran out.`;
    return { raw: [...this.checks, ...received], delays, seed: SEED, values, summary };
  }
}

customElements.define("check-button-chat", CheckButtonChat);
