// <response-time-lab>: one run of a load tester, reported twice: by response time, and by delivery.
//
// The run is loadtests/experiments/response_time_against_delivery.py: a server and a Locust of its own,
// thirty readers over each transport in one room. Measures, in ms: `response_…` and `delivery_…` of each
// transport (`delivery_short-polling`), and two rankings by label, `by_response` and `by_delivery`.

import { choice } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { ranking } from "../site/statistics.js";
import { Lab, LabError } from "../lab/lab.js";
import { ResultTable } from "../lab/result_table.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

const SECONDS = 12;
/** @type {[string, string][]} */
const RATES = [
  ["1", "one message a second"],
  ["0.5", "one every two seconds"],
  ["5", "five a second"],
];
const TABLES = {
  response: [
    "What load testers print: response times",
    [
      ["responses", "requests"],
      ["response_ms", "mean, ms"],
    ],
  ],
  delivery: [
    "What people feel: DELIVER",
    [
      ["deliveries", "deliveries"],
      ["delivery_ms", "mean, ms"],
      ["p95_ms", "95 %, ms"],
      ["lost", "lost"],
    ],
  ],
};

class ResponseTimeLab extends Lab {
  static heading = "Thirty readers over each transport, reported twice";

  controls() {
    this.rate = choice("The room has", RATES, "rate");
    return [this.rate.node];
  }

  output() {
    this.tables = Object.values(TABLES).map(([caption, columns]) => table(caption, columns));
    return [element("div.both-reports", {}, ...this.tables.map(({ node }) => node))];
  }

  async experiment(signal) {
    const rate = this.rate.value();
    let last = null;
    this.report("A server and Locust start …");
    for await (const line of start("tables", { rate }, signal)) {
      if (line.end) return this.#result(last);
      if (line.line) throw new LabError(line.line);
      last = line;
      this.tables.forEach(({ show }) => show(line.rows));
      this.report(
        line.seconds
          ? `Measured so far: ${digits(line.seconds)} s of ${SECONDS}.`
          : "Warming up: nothing counts yet.",
      );
    }
    throw new LabError("the run ended before its end");
  }

  #result({ rows }) {
    const by = (member) =>
      ranking(
        TRANSPORTS,
        ({ name }) => rows[name][member],
        ({ label }) => label,
      );
    const values = { by_response: by("response_ms"), by_delivery: by("delivery_ms") };
    for (const { name } of TRANSPORTS) {
      values[`response_${name}`] = rows[name].response_ms;
      values[`delivery_${name}`] = rows[name].delivery_ms;
    }
    const [short, long] = [rows["short-polling"], rows["long-polling"]];
    const summary =
      `By response time: short polling ${digits(short.response_ms)} ms, long polling ` +
      `${digits(long.response_ms)} ms. ` +
      `By delivery: ${digits(short.delivery_ms)} ms and ${digits(long.delivery_ms)} ms, of the very ` +
      `same messages.`;
    const raw = TRANSPORTS.map(({ name }) => ({ transport: name, ...rows[name] }));
    return {
      raw,
      n: raw.reduce((sum, { deliveries }) => sum + deliveries, 0),
      seed: 1,
      warmUp: "2 s, in neither table",
      values,
      summary,
    };
  }
}

/** Make a table with a row for each transport. */
function table(caption, columns) {
  const heads = ["transport", ...columns.map(([, head]) => head)];
  const rows = TRANSPORTS.map(({ name, label }) => /** @type {[string, string]} */ ([name, label]));
  const made = new ResultTable({ kind: "reports", heads, rows, caption });
  const show = (found) => {
    for (const { name } of TRANSPORTS) {
      const values = columns.map(([member]) => digits(found[name][member]));
      made.show(name, values);
    }
  };
  return { node: made.node, show };
}

customElements.define("response-time-lab", ResponseTimeLab);
