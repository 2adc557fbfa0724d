// <processes-lab>: two servers of one chat, with a memory each or with Redis in common, and one of them
// killed.
//
// The run is tutorial/laboratory/two_processes.py. Authors post to both by turns, a reader sits at each;
// half-way the second server is killed, and who was there goes on at the first, with the cursor. Measures:
// `received_apart`, `received_together` (% of the messages, at the first reader).

import { choice } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";

/** @type {[string, string][]} */
const STORES = [
  ["memory", "each its own memory"],
  ["redis", "one Redis for both"],
];
const READERS = { first: "Reader at the first server", second: "Reader at the second, then the first" };

class ProcessesLab extends Lab {
  static heading = "Two servers, one of them killed";

  controls() {
    this.store = choice("What they share", STORES, "store");
    return [this.store.node];
  }

  output() {
    this.rows = Object.fromEntries(Object.entries(READERS).map(([name, label]) => [name, row(label)]));
    return [element("div.gap-rows", {}, ...Object.values(this.rows).map(({ node }) => node))];
  }

  async experiment(signal) {
    const store = this.store.value();
    let sent = 0;
    for await (const line of start("processes", { store }, signal)) {
      if (line.event === "missing")
        throw new LabError("redis-server isn’t installed here (Debian: apt install redis-server)");
      if (line.event === "end") return this.#result(line, store);
      if (line.event === "posted") this.report(`${(sent += 1)} messages sent.`);
      if (line.event === "killed")
        this.report("The second server is killed; its reader goes on at the first.");
      for (const name of Object.keys(READERS))
        this.rows[name].show(sent, line[name] ?? { received: [], gaps: 0 });
    }
    throw new LabError("the run ended before its end");
  }

  #result({ posted: count, first, second }, store) {
    const share = ({ received }) => (100 * new Set(received).size) / count;
    this.rows.first.show(count, first);
    this.rows.second.show(count, second);
    const raw = Array.from({ length: count }, (_, i) => ({
      message: i + 1,
      first: first.received.includes(i + 1),
      second: second.received.includes(i + 1),
    }));
    const lost = (reader) => count - new Set(reader.received).size;
    const summary =
      `Of ${count} messages the reader at the first server missed ${lost(first)}, the other ` +
      `${lost(second)} (${digits(second.gaps)} gap${second.gaps === 1 ? "" : "s"} reported).`;
    return {
      raw,
      n: count,
      warmUp: "both servers listened before the first message",
      values: { [store === "redis" ? "received_together" : "received_apart"]: share(first) },
      summary,
    };
  }
}

function row(label) {
  const marks = element("span.gap-marks");
  const count = element("span.gap-count", {}, "–");
  const show = (sent, { received, gaps }) => {
    const has = new Set(received);
    const mark = (id) =>
      element(has.has(id) ? "i.received" : "i.lost", {
        title: `message ${id}: ${has.has(id) ? "received" : "lost"}`,
      });
    marks.replaceChildren(...Array.from({ length: sent }, (_, i) => mark(i + 1)));
    count.textContent = `${has.size} of ${sent} received${gaps ? `, after ${gaps} gap` : ""}`;
  };
  return { node: element("div.gap-row", {}, element("strong", {}, label), count, marks), show };
}

customElements.define("processes-lab", ProcessesLab);
