// <blocking-lab>: one slow query, and how long everybody else waits for an answer meanwhile.
//
// Somebody presses Enter ten times a second; twice in each part, slow work begins: on the event loop, in a
// thread, and in a thread but in Python. Measures the slowest answer of each part in ms: `on_the_loop`,
// `in_a_thread`, `python_in_a_thread`.

import { slider } from "../lab/controls.js";
import { digits } from "../site/formatting.js";
import { Lab, LabError } from "../lab/lab.js";
import { ownRoom, sleep, send } from "../lab/room_reader.js";
import { Plot } from "../lab/plot.js";

const ENTER_MS = 100;
const PART_MS = 4000;
const WORK_AT = [0.25, 0.625]; // of a part
const PARTS = [
  { name: "on_the_loop", label: "on the loop", address: "/slow/on-the-loop?work=query" },
  { name: "in_a_thread", label: "in a thread", address: "/slow/in-a-thread?work=query" },
  { name: "python_in_a_thread", label: "Python in a thread", address: "/slow/in-a-thread?work=arithmetic" },
];

class BlockingLab extends Lab {
  static heading = "One slow query";

  controls() {
    this.steps = slider("How slow", { least: 0.1, most: 5, value: 1, unit: "million steps", name: "steps" });
    return [this.steps.node];
  }

  output() {
    this.plot = new Plot("How long an answer takes while somebody else’s work runs");
    this.#draw([]);
    return [this.plot.node];
  }

  async experiment(signal) {
    const steps = Math.round(this.steps.value() * 1e6);
    const raw = [];
    const began = performance.now();
    for (const part of PARTS) {
      this.report(`Somebody’s slow work runs ${part.label}.`);
      await this.#play(part, steps, raw, began, signal);
      this.#draw(raw);
    }
    const worst = ({ name }) => Math.max(...raw.filter(({ part }) => part === name).map(({ ms }) => ms));
    const values = Object.fromEntries(PARTS.map((part) => [part.name, worst(part)]));
    const slowest = PARTS.map(({ name, label }) => `${digits(values[name])} ms ${label}`);
    const summary = `The slowest answer: ${slowest.join(", ")}.`;
    return {
      raw,
      n: raw.length,
      warmUp: "a second before the first work",
      values,
      summary,
    };
  }

  async #play({ name, address }, steps, raw, began, signal) {
    const url = `/rooms/${ownRoom("blocking")}`;
    const length = this.setting("part-ms", PART_MS);
    const works = WORK_AT.map(async (share) => {
      await sleep(share * length, signal);
      const response = await fetch(`${address}&steps=${steps}`, { cache: "no-store", signal });
      if (!response.ok) throw new LabError((await response.json()).detail);
    });
    const enters = Array.from({ length: length / ENTER_MS }, async (_, i) => {
      await sleep(i * ENTER_MS, signal);
      await this.#enter(url, name, began, raw, signal);
    });
    await Promise.all([...enters, ...works]);
  }

  async #enter(url, part, began, raw, signal) {
    const at = performance.now();
    await send(url, "Enter", signal);
    raw.push({ part, at: (at - began) / 1000, ms: performance.now() - at });
  }

  #draw(raw) {
    const series = PARTS.map(({ name, label }, variant) => ({
      label,
      variant,
      points: raw.filter(({ part }) => part === name).map(({ at, ms }) => [at, ms]),
    }));
    this.plot.lines(series, { label: "seconds" }, { label: "ms", log: true });
  }
}

customElements.define("blocking-lab", BlockingLab);
