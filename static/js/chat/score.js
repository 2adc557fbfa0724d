// The score of a comparison: which transport delivered first, how late each is, and at what cost.

import { element, shapeOf } from "../site/element.js";
import { delay, number, size } from "../site/formatting.js";

const COLUMNS = [
  "first",
  "last message",
  "median",
  "p95",
  "requests",
  "bytes up",
  "bytes down",
  "bytes a message",
];
const FIRSTS_KEPT = 2000; // ids whose first transport is remembered

/** Compares panes. */
export class Score {
  #panes;
  #firsts = new Map();
  #received = new Set();
  #rows = new Map();

  /** @param {import("./pane.js").ChatPane[]} panes */
  constructor(panes) {
    this.#panes = panes;
    const heads = ["transport", ...COLUMNS].map((text) => element("th", { scope: "col" }, text));
    const body = panes.map((pane) => this.#row(pane));
    const caption = element("caption", {}, "Which is first, and at what cost");
    const head = element("thead", {}, element("tr", {}, ...heads));
    this.table = element("table.score", {}, caption, head, element("tbody", {}, ...body));
  }

  #row({ reader: { transport } }) {
    const cells = COLUMNS.map((name) => element("td", { "data-score": name, "data-label": name }, "–"));
    this.#rows.set(transport.name, cells);
    const head = element("th", { scope: "row" }, shapeOf(transport), transport.label);
    return element("tr", { "data-transport": transport.name }, head, ...cells);
  }

  /** Note which messages a transport has just delivered. */
  received(added, transport) {
    for (const { id } of added) {
      if (this.#received.has(id)) continue;
      this.#received.add(id);
      this.#firsts.set(transport, (this.#firsts.get(transport) ?? 0) + 1);
    }
    for (const id of this.#received) {
      if (this.#received.size <= FIRSTS_KEPT) break;
      this.#received.delete(id);
    }
  }

  /** Forget the ids: the room has started over. */
  startOver() {
    this.#received.clear();
  }

  /** Show the numbers as they are now. */
  draw() {
    const slowest = Math.max(...this.#panes.map(({ reader }) => reader.delays.last ?? 0));
    for (const { reader } of this.#panes) {
      const { delays, network } = reader;
      const transport = /** @type {import("../client/contract.js").Transport} */ (reader.transport);
      const cells = this.#rows.get(transport.name);
      const each = delays.count ? size((network.up + network.down) / delays.count) : "–";
      const texts = [
        number(this.#firsts.get(transport.name) ?? 0),
        delay(delays.last),
        delay(delays.percentile(0.5)),
        delay(delays.percentile(0.95)),
        number(network.requests),
        size(network.up),
        size(network.down),
        each,
      ];
      texts.forEach((text, i) => (cells[i].textContent = text));
      cells[1].style.setProperty(
        "--share",
        String(slowest > 0 ? Math.max(0, (delays.last ?? 0) / slowest) : 0),
      );
    }
  }
}
