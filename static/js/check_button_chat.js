// <check-button-chat>: HTTP cannot call you back, so here is a button that asks.
//
// Somebody talks at random moments; you see it when you check. Measures: `useless` (% of your checks), `mean` (ms, how old a
// message was when you saw it).

import { button } from "./controls.js";
import { element } from "./element.js";
import { digits, mean, moments, seeded } from "./figures.js";
import { Lab } from "./lab.js";
import { Listener, ownRoom, rest, sayAt } from "./listening.js";
import { seconds } from "./words.js";

const SEED = 1;
const LENGTH_MS = 60_000;
const COUNT = 9;
const SHOWN = 8;

class CheckButtonChat extends Lab {
  static heading = "A chat with nothing but a button";
  #listener = null;

  controls() {
    this.check = button("Check", () => this.#check());
    this.check.disabled = true;
    return [this.check];
  }

  output() {
    this.log = element("ol.lab-log", { role: "log", ariaLabel: "What your checks found" });
    this.counter = element("p.lab-counter", {}, "Checks: 0 · useless: 0");
    return [this.counter, this.log];
  }

  async experiment(signal) {
    this.url = `/rooms/${ownRoom("check")}`;
    this.checks = [];
    this.log.replaceChildren();
    this.#listener = new Listener((heard) => heard.forEach((one) => this.#found(one)));
    await this.#ask();
    this.check.disabled = false;
    signal.addEventListener("abort", () => (this.check.disabled = true));
    sayAt(this.url, moments(COUNT, LENGTH_MS, seeded(SEED)), signal);
    this.say("Somebody talks now and then, for a minute. Press Check when you think that there is something.");
    await rest(LENGTH_MS, signal);
    await this.#check();
    return this.#result();
  }

  async #ask() {
    const response = await fetch(`${this.url}/short-polling?cursor=${this.#listener.cursor}`, { cache: "no-store" });
    this.#listener.take(await response.json());
  }

  async #check() {
    const before = this.#listener.heard.length;
    await this.#ask();
    this.checks.push({ at: performance.now(), found: this.#listener.heard.length - before });
    const useless = this.checks.filter(({ found }) => found === 0).length;
    this.counter.textContent = `Checks: ${this.checks.length} · useless: ${useless}`;
  }

  #found({ id, delay }) {
    this.log.append(element("li", {}, `message ${id}, ${seconds(delay)} old`));
    if (this.log.children.length > SHOWN) this.log.firstElementChild.remove();
  }

  #result() {
    const { delays, heard } = this.#listener;
    const useless = this.checks.filter(({ found }) => found === 0).length;
    const values = { useless: (100 * useless) / this.checks.length, mean: mean(delays), checks: this.checks.length };
    const said = `${this.checks.length} checks, ${useless} of them useless; a message was ${seconds(values.mean)} old when you saw it, in the mean.`;
    return { raw: [...this.checks, ...heard], delays, seed: SEED, values, said: said.replace("NaN s", "–") };
  }
}

customElements.define("check-button-chat", CheckButtonChat);
