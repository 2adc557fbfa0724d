// <answer-lab>: an author who writes token by token, read over each transport, and cut off in the middle.
//
// The run is tutorial/laboratory/answer_stream.py. Measures: `first_short`, `first_long`, `first_websocket` (how
// late the first token is, ms), `requests_long` (of a long-polling reader, for an answer), `lost_plain` (% of the answer that a
// stream without a cursor misses).

import { element, shapeOf } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { choice } from "../lab/controls.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

const RATES = ["50", "20", "100"];
const HEADS = [
  "an answer over …",
  "first token, ms",
  "requests",
  "bytes a token",
  "missed, from a cursor",
  "missed, without",
  "back after, ms",
];

class AnswerLab extends Lab {
  static heading = "An answer, token by token";

  controls() {
    this.rate = choice(
      "tokens a second",
      RATES.map((rate) => [rate, rate]),
      "rate",
    );
    return [this.rate.node];
  }

  output() {
    this.cells = Object.fromEntries(
      TRANSPORTS.map(({ name }) => [name, HEADS.slice(1).map(() => element("td", {}, "–"))]),
    );
    const heads = HEADS.map((head) => element("th", { scope: "col" }, head));
    const rows = TRANSPORTS.map((transport) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, shapeOf(transport), ` ${transport.label}`),
        ...this.cells[transport.name],
      ),
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
    const rate = this.rate.value();
    const raw = [];
    this.report("A server starts …");
    for await (const line of start("answer", { rate }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return this.#result(raw);
      raw.push(line);
      this.#show(line);
      this.report(`${raw.length} of ${TRANSPORTS.length} transports are measured, about ten seconds each.`);
    }
    throw new LabError("the run ended before its end");
  }

  #show(row) {
    const missed = (count) => `${count} of ${row.tokens}`;
    const texts = [
      digits(row.first_ms),
      digits(row.requests_a_token * row.tokens),
      digits(row.bytes_a_token),
      missed(row.lost_cursor),
      missed(row.lost_plain),
      digits(row.caught_up_ms),
    ];
    texts.forEach((text, i) => (this.cells[row.transport][i].textContent = text));
  }

  #result(raw) {
    const of = (name) => raw.find(({ transport }) => transport === name);
    const values = Object.fromEntries(
      raw.map(({ transport, first_ms }) => [`first_${transport.split("-")[0]}`, first_ms]),
    );
    const long = of("long-polling");
    values.requests_long = long.requests_a_token * long.tokens;
    values.lost_plain = (100 * long.lost_plain) / long.tokens;
    const summary =
      `The first token came after ${digits(values.first_short)} ms over short polling, and after ` +
      `${digits(values.first_websocket)} ms over a WebSocket. After the cut, a reader with a cursor misses ` +
      `${Math.max(...raw.map(({ lost_cursor }) => lost_cursor))} tokens, one without it up to ` +
      `${Math.max(...raw.map(({ lost_plain }) => lost_plain))} of ${long.tokens}.`;
    return { raw, n: raw.length, warmUp: "1.2 s", values, summary };
  }
}

customElements.define("answer-lab", AnswerLab);
