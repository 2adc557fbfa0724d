// <waiting-lab>: what a reader costs that only waits, over each transport, in a room that has one message a minute.
//
// The run is tutorial/laboratory/waiting_cost.py: a server a transport, with two hundred readers each. It
// settles the four rankings of chapter 0. Measures, of one reader: `requests_…`, `bytes_…` (a minute's),
// `kib_…` (of the server's memory) and `delay_…` (ms, the median) of each transport.

import { digits } from "../site/formatting.js";
import { ranking } from "../site/statistics.js";
import { Lab, LabError } from "../lab/lab.js";
import { ResultTable } from "../lab/result_table.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

const SECONDS = 60;
const READERS = 200; // a transport
const COLUMNS = [
  ["delay_ms", "late, ms"],
  ["requests", "requests"],
  ["bytes", "bytes"],
  ["kib", "memory, KiB"],
];
const BETS = { delay_ms: "0.delay", requests: "0.requests", bytes: "0.bytes", kib: "0.memory" };

class WaitingLab extends Lab {
  static heading = "What it costs to wait";

  output() {
    const heads = ["one reader, in a minute", ...COLUMNS.map(([, head]) => head)];
    const rows = TRANSPORTS.map(({ name, label }) => /** @type {[string, string]} */ ([name, label]));
    this.table = new ResultTable({ kind: "costs", heads, rows });
    return [this.table.node];
  }

  async experiment(signal) {
    let last = null;
    const seconds = this.setting("seconds", SECONDS);
    const readers = this.setting("readers", READERS);
    this.report(`Four servers start, and ${readers} readers come to each …`);
    const asked = { seconds: String(seconds), readers: String(readers) };
    for await (const line of start("waiting", asked, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return this.#result(last.rows, line.readers);
      last = line;
      this.#show(line.rows);
      this.report(`They wait: ${seconds - line.seconds} s to go. A message is sent half-way.`);
    }
    throw new LabError("the run ended before its end");
  }

  #show(rows) {
    for (const { name } of TRANSPORTS) {
      const values = COLUMNS.map(([member]) => digits(rows[name][member] ?? undefined));
      this.table.show(name, values);
    }
  }

  #result(rows, readers) {
    const values = {};
    for (const { name } of TRANSPORTS)
      COLUMNS.forEach(([member]) => (values[`${member.split("_")[0]}_${name}`] = rows[name][member]));
    const by = (member) =>
      ranking(
        TRANSPORTS,
        ({ name }) => rows[name][member],
        ({ label }) => label,
      );
    const settles = Object.fromEntries(Object.entries(BETS).map(([member, bet]) => [bet, by(member)]));
    const summary =
      `First to receive: ${by("delay_ms").join(", then ")}. Fewest requests: ` +
      `${by("requests").join(", then ")}. Lightest: ${by("kib").join(", then ")}.`;
    const raw = TRANSPORTS.map(({ name }) => ({ transport: name, ...rows[name] }));
    const warmUp = "twenty readers that came and went, then two seconds";
    return { settles, raw, n: readers, seed: 7, warmUp, values, summary };
  }
}

customElements.define("waiting-lab", WaitingLab);
