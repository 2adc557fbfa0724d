// <ramp-lab>: ever more readers over one transport, until something gives out.
//
// The run is loadtests/experiments/knee.py: a fresh server, and readers that double step by step. Measures,
// in readers that would take a whole core of the server: `knee_short-polling`, `knee_long-polling`,
// `knee_websocket`, `knee_server-sent-events`, each of a run over that transport. The lines of earlier runs stay.

import { choice } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { Lab, LabError } from "../lab/lab.js";
import { Plot } from "../lab/plot.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

/** @type {[string, string][]} */
const RATES = [
  ["50", "fifty messages a second"],
  ["10", "ten a second"],
];
/** @type {[string, string][]} */
const SHOWN = [
  ["p50_ms", "delivery, median, ms"],
  ["p95_ms", "delivery, 95 %, ms"],
  ["p99_ms", "delivery, 99 %, ms"],
  ["loop_lag_ms", "loop lag, ms"],
  ["cpu", "server, cores"],
  ["tester_cpu", "load tester, cores"],
  ["rss_mib", "server’s memory, MiB"],
  ["descriptors", "file descriptors"],
];
const STRAIGHT = ["rss_mib", "descriptors"]; // grow by as much with each reader, which shows on even axes
const WHY = {
  processor: "the server’s processor gave out",
  tester: "the load tester gave out before the server",
  late: "deliveries came late though nobody’s processor was used up",
  others: "deliveries came late, but other programs had the processors: this is not the server’s knee",
  nothing: "nothing gave out",
};

class RampLab extends Lab {
  static heading = "Ever more readers";
  static advice =
    "Close all other tabs of this site before you run this: the server’s processor time includes them.";
  #steps = [];

  controls() {
    this.transport = choice(
      "Over",
      TRANSPORTS.map(({ name, label }) => [name, label]),
      "transport",
    );
    this.transport.input.value = "long-polling";
    this.rate = choice("the room has", RATES, "rate");
    this.shown = choice("Show", SHOWN);
    this.shown.input.value = "p95_ms";
    this.shown.input.addEventListener("change", () => this.#show());
    return [this.transport.node, this.rate.node, this.shown.node];
  }

  output() {
    this.plot = new Plot("What each step took");
    this.#show();
    return [element("div", {}, this.plot.node)];
  }

  async experiment(signal) {
    const [transport, rate] = [this.transport.value(), this.rate.value()];
    this.#steps = this.#steps.filter((old) => old.rate === rate && old.transport !== transport);
    this.report("A server starts, and ten readers come …");
    for await (const line of start("ramp", { transport, rate }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return this.#result(line, transport, rate);
      this.#steps.push({ transport, rate, ...line });
      this.#show();
      this.report(
        `${digits(line.readers)} readers: half of all deliveries within ${digits(line.p50_ms)} ms, ` +
          `95 % within ${digits(line.p95_ms)} ms; the server uses ${digits(100 * line.cpu)} % of a ` +
          `core.`,
      );
    }
    throw new LabError("the run ended before its end");
  }

  #show() {
    const [member, label] = SHOWN.find(([name]) => name === this.shown.value());
    const series = TRANSPORTS.map(({ name, label }) => ({
      label,
      transport: name,
      points: this.#steps
        .filter((step) => step.transport === name)
        .map((step) => [step.readers, Math.max(step[member], 0.001)]),
    }));
    const drawn = series.filter(({ points }) => points.length);
    const log = !STRAIGHT.includes(member);
    this.plot.lines(
      drawn.length ? drawn : series,
      { label: "readers", log },
      { label, log, ...(log ? {} : { least: 0 }) },
    );
  }

  #result({ why, readers, knee }, transport, rate) {
    // Otherwise it is no knee of the server's processor, and settles no bet.
    const seen = !["others", "late"].includes(why);
    const raw = this.#steps.filter((step) => step.transport === transport);
    const summary =
      `At ${digits(readers)} readers ${WHY[why]}. By its processor time, ${digits(knee)} readers at ` +
      `${rate} messages a second take a whole core.`;
    return {
      raw,
      n: raw.length,
      seed: 10,
      warmUp: "each step begins when its readers are there",
      values: seen ? { [`knee_${transport}`]: knee } : {},
      summary,
    };
  }
}

customElements.define("ramp-lab", RampLab);
