// Plot: histograms, lines and timelines as SVG, each with a table that says the same.
//
// A series has a colour, a shape and a dash, so none is known by its colour alone. A plot is drawn in the pixels
// that it has, so that its words are as big on a phone; its height is its style sheet's, so that nothing moves
// when it fills.

import { element, svg } from "../site/element.js";
import { digits } from "../site/formatting.js";
import * as drawings from "./drawings.js";
import { bins, bounded, scale } from "./scales.js";

const BINS = 12; // of a few dozen values: more would draw chance
const LEAST_WIDTH = 240;

/**
 * @typedef {import("./scales.js").Axis} Axis
 * @typedef {import("./drawings.js").Series} Series
 * @typedef {import("./drawings.js").Span} Span
 */

/** One picture and its table. Give `node` a place, then draw. */
export class Plot {
  #legend = element("div");
  #picture = element("div.plot-picture");
  #table = element("div.plot-table.scroll", { tabIndex: 0 });
  #again = () => {};

  /** @param {string} title */
  constructor(title) {
    this.title = title;
    const twin = element("details.small", {}, element("summary", {}, "The same as a table"), this.#table);
    const frame = element("div.plot-frame", {}, this.#legend, this.#picture);
    this.node = element("figure.plot", {}, element("figcaption", {}, title), frame, twin);
    new ResizeObserver(() => this.#again()).observe(this.#picture);
  }

  /**
   * Draw how often which values came.
   * @param {number[]} values
   * @param {Axis} axis
   * @param {{at: number, label: string}[]} [marks]
   */
  histogram(values, axis, marks = []) {
    const most = Math.max(axis.most ?? 0, ...values, ...marks.map(({ at }) => at * 1.02)) || 1;
    const found = bins(values, most, BINS);
    const highest = Math.max(...found.map(({ count }) => count), 4) * drawings.HEADROOM;
    this.#draw({ ...axis, least: 0, most }, { label: "messages", least: 0, most: highest }, (x, y, width) => [
      ...found.map((bin) => drawings.bar(bin, x, y)),
      ...drawings.markLines(marks, x, y, width),
    ]);
    const rows = found.map(({ from, to, count }) => [`${digits(from)} – ${digits(to)}`, count]);
    this.#rows([axis.label, "messages"], rows);
  }

  /** Draw lines. @param {Series[]} series @param {Axis} xAxis @param {Axis} yAxis */
  lines(series, xAxis, yAxis) {
    const all = series.flatMap(({ points }) => points);
    this.#legend.replaceChildren(drawings.legend(series));
    const xValues = all.map(([x]) => x);
    const yValues = all.map(([, y]) => y);
    this.#draw(bounded(xAxis, xValues), bounded(yAxis, yValues), (x, y) =>
      series.map((one) => drawings.line(one, x, y)),
    );
    const valueAt = (/** @type {Series} */ { points }, /** @type {number} */ place) =>
      digits(points.find(([x]) => x === place)?.[1]);
    const places = [...new Set(xValues)].toSorted((a, b) => a - b);
    const rows = places.map((place) => [digits(place), ...series.map((one) => valueAt(one, place))]);
    this.#rows([xAxis.label, ...series.map(({ label }) => label)], rows);
  }

  /**
   * Draw what happened when, a row each.
   * @param {{label: string, transport?: string, spans: Span[]}[]} rows
   * @param {Axis} axis
   */
  timeline(rows, axis) {
    const ends = rows.flatMap(({ spans }) => spans.map(({ to }) => to));
    this.#draw({ least: 0, most: Math.max(1e-9, ...ends), ...axis }, null, (x, y, width, height) => {
      const each = (height - drawings.TOP - drawings.BOTTOM) / Math.max(rows.length, 1);
      const place = (/** @type {number} */ i) => ({ top: drawings.TOP + i * each, height: each, width });
      return rows.flatMap((row, i) => drawings.spanRow(row, x, place(i)));
    });
    const spans = rows.flatMap(({ label, spans }) =>
      spans.map(({ from, to, kind }) => [label, kind, digits(from), digits(to)]),
    );
    this.#rows(["row", "what", `from, ${axis.label}`, "to"], spans);
  }

  #draw(xAxis, yAxis, inside) {
    this.#again = () => {
      const width = Math.max(LEAST_WIDTH, this.#picture.clientWidth);
      const height = this.#picture.clientHeight || width;
      const x = scale(xAxis, drawings.LEFT, width - drawings.RIGHT);
      const y = yAxis && scale(yAxis, height - drawings.BOTTOM, drawings.TOP);
      const name = { role: "img", "aria-label": `${this.title}: the table below says the same` };
      const size = { viewBox: `0 0 ${width} ${height}`, width, height };
      const axes = drawings.horizontalAxis(xAxis, x, { width, height });
      if (y) axes.push(...drawings.verticalAxis(yAxis, y, { width, height }));
      const picture = svg("svg", { ...size, ...name }, ...axes, ...inside(x, y, width, height));
      this.#picture.replaceChildren(picture);
    };
    this.#again();
  }

  #rows(heads, rows) {
    const head = element("tr", {}, ...heads.map((words) => element("th", { scope: "col" }, words)));
    const body = rows.map((cells) =>
      element("tr", {}, ...cells.map((cell) => element("td", {}, String(cell)))),
    );
    this.#table.replaceChildren(
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)),
    );
  }
}
