// <waiting-lab>: what a reader costs who only waits, over each transport, in a room where somebody speaks
// once a minute.
//
// The run is tutorial/laboratory/waiting_cost.py: a server a transport, with two hundred readers each. It
// settles the four rankings of chapter 0. Measures, of one reader: `requests_…`, `bytes_…` (a minute's),
// `kib_…` (of the server's memory) and `delay_…` (ms, the median) of each transport.

import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { ranking } from "../site/statistics.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

const SECONDS = 60;
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
    this.cells = Object.fromEntries(
      TRANSPORTS.map(({ name }) => [name, COLUMNS.map(() => element("td", {}, "–"))]),
    );
    const heads = ["one reader, in a minute", ...COLUMNS.map(([, head]) => head)].map((head) =>
      element("th", { scope: "col" }, head),
    );
    const rows = TRANSPORTS.map(({ name, label }) =>
      element("tr", {}, element("th", { scope: "row" }, label), ...this.cells[name]),
    );
    const table = element(
      "table.costs",
      {},
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    );
    return [element("div.scroll", { tabIndex: 0 }, table)];
  }

  async experiment(signal) {
    let last = null;
    this.report("Four servers start, and two hundred readers come to each …");
    for await (const line of start("waiting", { seconds: String(SECONDS) }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return this.#result(last.rows, line.readers);
      last = line;
      this.#show(line.rows);
      this.report(`They wait: ${SECONDS - line.seconds} s to go. Somebody speaks half-way.`);
    }
    throw new LabError("the run ended before its end");
  }

  #show(rows) {
    for (const { name } of TRANSPORTS) {
      const { delay_ms, ...others } = rows[name];
      const values = { delay_ms: delay_ms ?? undefined, ...others };
      COLUMNS.forEach(([member], i) => (this.cells[name][i].textContent = digits(values[member])));
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
      `First to hear: ${by("delay_ms").join(", then ")}. Fewest requests: ` +
      `${by("requests").join(", then ")}. Lightest: ${by("kib").join(", then ")}.`;
    const raw = TRANSPORTS.map(({ name }) => ({ transport: name, ...rows[name] }));
    const warmUp = "twenty readers who came and went, then two seconds";
    return { settles, raw, n: readers, seed: 7, warmUp, values, summary };
  }
}

customElements.define("waiting-lab", WaitingLab);
