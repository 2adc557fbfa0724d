// Result table: a row for each thing that is compared, a column for each value. It has its shape, and dashes,
// before anything is measured.

import { element } from "../site/element.js";

/**
 * @typedef {object} Shape
 * @property {string} kind  the table's class
 * @property {string[]} heads  of the columns; the first one is that of the rows' names
 * @property {(readonly [string, ...(Node | string)[]])[]} rows  of each its name, and what stands in its head
 * @property {string} [caption]
 */

/** A table of results. Give `node` a place. */
export class ResultTable {
  #rows;

  /** @param {Shape} shape */
  constructor({ kind, heads, rows, caption }) {
    const made = rows.map(([name, ...head]) => {
      const cells = heads.slice(1).map(() => element("td", {}, "–"));
      const row = element("tr", {}, element("th", { scope: "row" }, ...head), ...cells);
      return { name, row, cells };
    });
    this.#rows = new Map(made.map((one) => [one.name, one]));
    const top = element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)));
    const body = element("tbody", {}, ...made.map(({ row }) => row));
    const title = caption ? [element("caption", {}, caption)] : [];
    const table = element(`table.${kind}`, {}, ...title, element("thead", {}, top), body);
    this.node = element("div.scroll", { tabIndex: 0 }, table);
  }

  /** Return a row, to mark it. @param {string} name @returns {HTMLTableRowElement} */
  row(name) {
    return this.#rows.get(name).row;
  }

  /** Write the values of a row. @param {string} name @param {(string | number)[]} texts */
  show(name, texts) {
    const { cells } = this.#rows.get(name);
    texts.forEach((text, i) => (cells[i].textContent = String(text)));
  }
}
