// <waiting-lab>: what a reader costs who only waits, over each of three transports, in a room where somebody speaks once a minute.
//
// The run is tutorial/laboratory/waiting_cost.py: a server a transport, with two hundred readers each. It settles the four rankings of chapter 0. Measures,
// of one reader: `requests_…`, `bytes_…` (a minute's), `kib_…` (of the server's memory) and `delay_…` (ms, the median) of short, long, websocket.

import { element } from "../site/element.js";
import { digits, ranking } from "../site/statistics.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";
import { transportNamed } from "../transports.js";

const SECONDS = 60;
const NAMES = ["short-polling", "long-polling", "websocket"];
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
    this.cells = Object.fromEntries(NAMES.map((name) => [name, COLUMNS.map(() => element("td", {}, "–"))]));
    const heads = ["one reader, in a minute", ...COLUMNS.map(([, head]) => head)].map((head) => element("th", { scope: "col" }, head));
    const rows = NAMES.map((name) => element("tr", {}, element("th", { scope: "row" }, transportNamed(name).label), ...this.cells[name]));
    const table = element("table.costs", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
    return [element("div.scroll", { tabIndex: 0 }, table)];
  }

  async experiment(signal) {
    let last = null;
    this.say("Three servers start, and two hundred readers come to each …");
    for await (const line of start("waiting", { seconds: String(SECONDS) }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return this.#result(last.rows, line.readers);
      last = line;
      this.#show(line.rows);
      this.say(`They wait: ${SECONDS - line.seconds} s to go. Somebody speaks half-way.`);
    }
    throw new LabError("the run ended before its end");
  }

  #show(rows) {
    for (const name of NAMES) {
      const { delay_ms, ...others } = rows[name];
      const values = { delay_ms: delay_ms ?? undefined, ...others };
      COLUMNS.forEach(([member], i) => (this.cells[name][i].textContent = digits(values[member])));
    }
  }

  #result(rows, readers) {
    const values = {};
    for (const name of NAMES) COLUMNS.forEach(([member]) => (values[`${member.split("_")[0]}_${name.split("-")[0]}`] = rows[name][member]));
    const by = (member) => ranking(NAMES, (name) => rows[name][member], (name) => transportNamed(name).label);
    const settles = Object.fromEntries(Object.entries(BETS).map(([member, bet]) => [bet, by(member)]));
    const said = `First to hear: ${by("delay_ms").join(", then ")}. Fewest requests: ${by("requests").join(", then ")}. Lightest: ${by("kib").join(", then ")}.`;
    const raw = NAMES.map((transport) => ({ transport, ...rows[transport] }));
    const warmUp = "twenty readers who came and went, then two seconds";
    return { settles, raw, n: readers, seed: 7, warmUp, values, said };
  }
}

customElements.define("waiting-lab", WaitingLab);
