// <slow-reader-lab>: one reader that doesn't read, on five servers side by side.
//
// The run is tutorial/laboratory/slow_reader.py: a server for each policy, in a process of its own, with
// three readers and a slow one. Measures: `written_on` (MB that the server that writes on keeps for it),
// `waited` (ms, the others' p95 on the server that waits) and `skipped_to` (how many messages our slow reader
// has).

import { digits } from "../site/formatting.js";
import { Lab, LabError } from "../lab/lab.js";
import { ResultTable } from "../lab/result_table.js";
import { start } from "../lab/runs.js";

const MESSAGES = 400;
/** @type {[string, string][]} */
const POLICIES = [
  ["write-on", "writes on"],
  ["wait", "waits"],
  ["drop", "drops"],
  ["disconnect", "disconnects"],
  ["skip", "ours: skips"],
];
const HEADS = ["the server …", "keeps, MB", "others’ p95, ms", "slow reader has", "and knows"];

class SlowReaderLab extends Lab {
  static heading = "One reader sleeps";

  output() {
    this.table = new ResultTable({ kind: "costs", heads: HEADS, rows: POLICIES });
    return [this.table.node];
  }

  async experiment(signal) {
    this.report("Five servers start …");
    for await (const line of start("slow-reader", { messages: String(MESSAGES) }, signal)) {
      if (line.line) throw new LabError(line.line);
      for (const [name] of POLICIES) this.#show(name, line.rows[name]);
      if (line.end) return this.#result(line.rows);
      this.report(line.asleep ? "One reader of each server sleeps." : "It wakes, and reads what it can get.");
    }
    throw new LabError("the run ended before its end");
  }

  #show(name, row) {
    const has = row.slow_has ? `${row.slow_has} of ${MESSAGES}` : "nothing yet";
    this.table.show(name, [digits(row.mb), digits(row.p95_ms ?? undefined), has, knows(row)]);
  }

  #result(rows) {
    const raw = POLICIES.map(([policy]) => ({ policy, ...rows[policy] }));
    const values = {
      written_on: rows["write-on"].mb,
      waited: rows.wait.p95_ms,
      skipped_to: rows.skip.slow_has,
    };
    const summary =
      `For one reader, the server that writes on kept ${digits(values.written_on)} MB, and ours ` +
      `${digits(rows.skip.mb)} MB. Where the server waits, the others’ p95 is ` +
      `${digits(values.waited)} ms. With ours, the slow reader has ${values.skipped_to} of ${MESSAGES} ` +
      `messages, and ${rows.skip.slow_gaps ? "knows that some are missing" : "nothing is missing"}.`;
    const warmUp = "all readers had come before the first message";
    return { raw, n: MESSAGES, warmUp, values, summary };
  }
}

/** What the slow reader knows of what it has missed. */
function knows({ slow_has, slow_gaps, slow_closed }) {
  if (slow_closed) return "it was closed";
  if (slow_gaps) return "there is a gap";
  if (!slow_has) return "–";
  return slow_has === MESSAGES ? "it has all" : "nothing";
}

customElements.define("slow-reader-lab", SlowReaderLab);
