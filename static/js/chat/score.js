// The score of a comparison: a column for each transport, from which was first to what each message costs.

import { element, shapeOf } from "../site/element.js";
import { delay, number, size } from "../site/formatting.js";
import { TIE_MS } from "./firsts.js";

/**
 * @typedef {import("./firsts.js").Firsts} Firsts
 * @typedef {import("./pane.js").ChatPane} ChatPane
 */

/** What is compared, and how it is read from a pane. @type {[string, (pane: ChatPane, firsts: Firsts) => string][]} */
const ROWS = [
  ["arrived first", ({ reader }, firsts) => number(firsts.of(reader.transport?.name ?? ""))],
  ["messages", ({ reader }) => number(reader.meter.received)],
  ["median delay", ({ reader }) => delay(reader.delays.percentile(0.5))],
  ["95 % within", ({ reader }) => delay(reader.delays.percentile(0.95))],
  ["requests", ({ reader }) => number(reader.network.requests)],
  ["bytes sent", ({ reader }) => size(reader.network.up)],
  ["bytes received", ({ reader }) => size(reader.network.down)],
  ["bytes a message", ({ reader }) => perMessage(reader)],
];

/** Compares panes. */
export class Score {
  #panes;
  #firsts;
  /** @type {HTMLElement[][]} */
  #cells;

  /** @param {ChatPane[]} panes @param {Firsts} firsts */
  constructor(panes, firsts) {
    this.#panes = panes;
    this.#firsts = firsts;
    this.#cells = ROWS.map(([name]) => panes.map(() => element("td", { "data-score": name }, "–")));
    const heads = panes.map(({ reader }) => headOf(/** @type {any} */ (reader.transport)));
    const head = element("thead", {}, element("tr", {}, element("td"), ...heads));
    const rows = ROWS.map(([name], i) =>
      element("tr", {}, element("th", { scope: "row" }, name), ...this.#cells[i]),
    );
    const caption = element("caption", {}, "Since you came");
    const table = element("table.score", {}, caption, head, element("tbody", {}, ...rows));
    const note =
      `Two that arrive within ${TIE_MS} ms of each other are both first: one page reads all four, one after the ` +
      "other, and can’t tell which was sooner.";
    this.node = element("section.totals", {}, table, element("p.small", {}, note));
  }

  /** Show the numbers as they are now. */
  draw() {
    ROWS.forEach(([, textOf], row) => {
      this.#panes.forEach((pane, column) => {
        const cell = this.#cells[row][column];
        const text = textOf(pane, this.#firsts);
        if (cell.textContent !== text) cell.textContent = text;
      });
    });
  }
}

/** @param {import("../client/contract.js").Transport} transport */
function headOf(transport) {
  return element(
    "th",
    { scope: "col", "data-transport": transport.name },
    shapeOf(transport),
    " ",
    transport.label,
  );
}

/** @param {import("../metering/metered_reader.js").MeteredReader} reader */
function perMessage({ meter, network }) {
  return meter.received ? size((network.up + network.down) / meter.received) : "–";
}
