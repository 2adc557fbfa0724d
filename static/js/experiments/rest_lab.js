// <rest-lab>: a busy room on servers that rest shorter or longer after a flush.
//
// The run is tutorial/laboratory/rest_factor.py: a server of its own, a hundred WebSocket readers, and a rate
// that rises step by step. Measures, at the highest rate: `batch_0`, `batch_1`, … (messages a batch with that
// rest), `cpu_…` (percent of a core) and `delay_…` (median, ms). The lines of earlier runs stay.

import { choice, slider } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { Lab, LabError } from "../lab/lab.js";
import { Plot } from "../lab/plot.js";
import { start } from "../lab/runs.js";

const LINES = 3; // the lines of so many runs can be told apart
/** @type {[string, string][]} */
const SHOWN = [
  ["messages_a_batch", "messages a batch"],
  ["cpu_percent", "server, % of a core"],
  ["p50_ms", "delivery, median, ms"],
  ["p99_ms", "delivery, 99 %, ms"],
];

class RestLab extends Lab {
  static heading = "After a flush, the server rests";
  #steps = [];

  controls() {
    this.rest = slider("Rest, times as long as the flush took", {
      least: 0,
      most: 4,
      value: 1,
      unit: "×",
      log: false,
      name: "rest",
    });
    this.shown = choice("Show", SHOWN);
    this.shown.input.addEventListener("change", () => this.#show());
    return [this.rest.node, this.shown.node];
  }

  output() {
    this.plot = new Plot("A hundred WebSocket readers");
    this.#show();
    return [element("div", {}, this.plot.node)];
  }

  async experiment(signal) {
    const rest = this.rest.value();
    const others = [...new Set(this.#steps.map((old) => old.rest))].filter((other) => other !== rest);
    const kept = others.slice(1 - LINES);
    this.#steps = this.#steps.filter((old) => kept.includes(old.rest));
    this.report("A server starts, and a hundred readers come …");
    for await (const line of start("rest", { rest: String(rest) }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return this.#result(rest);
      this.#steps.push({ rest, ...line });
      this.#show();
      this.report(`${line.rate} messages a second: ${digits(line.messages_a_batch)} a batch.`);
    }
    throw new LabError("the run ended before its end");
  }

  #show() {
    const [member, label] = SHOWN.find(([name]) => name === this.shown.value());
    const rests = [...new Set(this.#steps.map(({ rest }) => rest))].sort((a, b) => a - b);
    const series = (rests.length ? rests : [1]).map((rest, variant) => ({
      label: `rest ${digits(rest)} ×`,
      variant,
      points: this.#steps
        .filter((step) => step.rest === rest)
        .map((step) => [step.rate, Math.max(step[member], 0.001)]),
    }));
    this.plot.lines(series, { label: "messages a second", log: true }, { label, log: true });
  }

  #result(rest) {
    const raw = this.#steps.filter((step) => step.rest === rest);
    const last = raw.at(-1);
    const summary =
      `With a rest of ${digits(rest)} ×, at ${last.rate} messages a second a batch had ` +
      `${digits(last.messages_a_batch)} messages, the server used ${digits(last.cpu_percent)} % of a core, ` +
      `and half of all messages arrived within ${digits(last.p50_ms)} ms.`;
    const values = {
      [`batch_${rest}`]: last.messages_a_batch,
      [`cpu_${rest}`]: last.cpu_percent,
      [`delay_${rest}`]: last.p50_ms,
    };
    return { raw, n: raw.length, seed: 1, warmUp: "one message", values, summary };
  }
}

customElements.define("rest-lab", RestLab);
