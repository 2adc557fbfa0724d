// Plot: histograms, lines and timelines as SVG, each with a table that says the same.
//
// A transport has a colour, a shape and a label, so no series is told by its colour alone. A plot is drawn in
// the pixels that it has, so that its words are as big on a phone; its height is given from the start, so
// that nothing moves when it fills.

import { element, svg } from "../site/element.js";
import { digits } from "../site/formatting.js";

const HEIGHT = 260;
const LEFT = 52;
const RIGHT = 22;
const TOP = 12;
const BOTTOM = 40;
const NAME = 15;
const DOT = 12;
const BINS = 12; // of a few dozen values: more would draw chance

/**
 * @typedef {{label: string, log?: boolean, least?: number, most?: number}} Axis
 * @typedef {{label: string, transport?: string, points: number[][]}} Series  `points`: [x, y]
 *
 * @typedef {(value: number) => number} Scale
 */

/** One picture and its table. Give `node` a place, then draw. */
export class Plot {
  #picture = element("div.plot-picture");
  #table = element("div.plot-table.scroll", { tabIndex: 0 });
  #again = () => {};

  /** @param {string} title */
  constructor(title) {
    this.title = title;
    const twin = element("details.small", {}, element("summary", {}, "The same as a table"), this.#table);
    this.node = element("figure.plot", {}, element("figcaption", {}, title), this.#picture, twin);
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
    const counts = new Array(BINS).fill(0);
    for (const value of values)
      counts[Math.min(BINS - 1, Math.floor((Math.max(0, value) / most) * BINS))] += 1;
    const edge = (bin) => (bin * most) / BINS;
    this.#draw(
      { ...axis, least: 0, most },
      { label: "messages", least: 0, most: Math.max(...counts, 4) * 1.3 },
      ({ x, y }) => [
        ...counts.map((count, i) =>
          svg("rect", {
            class: "bar",
            x: x(edge(i)) + 0.5,
            width: Math.max(1, x(edge(i + 1)) - x(edge(i)) - 1),
            y: y(count),
            height: y(0) - y(count),
          }),
        ),
        ...marks.map(({ at }) =>
          svg("line", { class: "mark-line", x1: x(at), x2: x(at), y1: TOP, y2: y(0) }),
        ),
        ...marks.map(({ at, label }, i) =>
          text(
            label,
            x(at) + (at > most * 0.7 ? -5 : 5),
            TOP + 12 + 15 * i,
            at > most * 0.7 ? "end" : "start",
          ),
        ),
      ],
    );
    this.#rows(
      [axis.label, "messages"],
      counts.map((count, i) => [`${digits(edge(i))} – ${digits(edge(i + 1))}`, count]),
    );
  }

  /** Draw lines. @param {Series[]} series @param {Axis} xAxis @param {Axis} yAxis */
  lines(series, xAxis, yAxis) {
    const all = series.flatMap(({ points }) => points);
    this.#draw(
      bounds(
        xAxis,
        all.map(([x]) => x),
      ),
      bounds(
        yAxis,
        all.map(([, y]) => y),
      ),
      ({ x, y }) => [...series.map((one) => line(one, x, y)), ...names(series, x, y)],
    );
    const heads = [xAxis.label, ...series.map(({ label }) => label)];
    const places = [...new Set(all.map(([x]) => x))].toSorted((a, b) => a - b);
    const found = (/** @type {Series} */ { points }, /** @type {number} */ place) =>
      digits(points.find(([x]) => x === place)?.[1]);
    this.#rows(
      heads,
      places.map((place) => [digits(place), ...series.map((one) => found(one, place))]),
    );
  }

  /**
   * Draw what happened when, a row each.
   * @param {{label: string, transport?: string, spans: {from: number, to: number, kind: string}[]}[]} rows
   * @param {Axis} axis
   */
  timeline(rows, axis) {
    const ends = rows.flatMap(({ spans }) => spans.map(({ to }) => to));
    const height = (HEIGHT - TOP - BOTTOM) / Math.max(rows.length, 1);
    const named = rows.some(({ label }) => label) ? 18 : 1;
    const place = (i) => ({
      y: TOP + i * height + named,
      height: Math.max(1, Math.min(26, height - named - 1)),
    });
    this.#draw({ least: 0, most: Math.max(1e-9, ...ends), ...axis }, null, ({ x }) =>
      rows.flatMap(({ label, transport, spans }, i) => [
        ...spans.map(({ from, to, kind }) =>
          svg("rect", {
            class: `span ${kind}`,
            "data-transport": transport ?? "",
            x: x(from),
            width: Math.max(2, x(to) - x(from)),
            ...place(i),
          }),
        ),
        ...(label
          ? [
              text(
                label,
                Math.min(x(spans[0]?.from ?? 0), x(axis.most ?? 0) * 0.75),
                TOP + i * height + 12,
                "start",
              ),
            ]
          : []),
      ]),
    );
    const told = rows.flatMap(({ label, spans }) =>
      spans.map(({ from, to, kind }) => [label, kind, digits(from), digits(to)]),
    );
    this.#rows(["row", "what", `from, ${axis.label}`, "to"], told);
  }

  #draw(xAxis, yAxis, inside) {
    this.#again = () => {
      const width = Math.max(260, this.#picture.clientWidth);
      const x = scale(xAxis, LEFT, width - RIGHT);
      const y = yAxis ? scale(yAxis, HEIGHT - BOTTOM, TOP) : () => HEIGHT - BOTTOM;
      const size = { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT };
      const axes = [...axis(xAxis, x, width, true), ...(yAxis ? axis(yAxis, y, width, false) : [])];
      this.#picture.replaceChildren(
        svg(
          "svg",
          { ...size, role: "img", "aria-label": `${this.title}: the table below says the same` },
          ...axes,
          ...inside({ x, y }),
        ),
      );
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

function bounds(axis, values) {
  const positive = axis.log ? values.filter((value) => value > 0) : values;
  const least = axis.least ?? Math.min(axis.log ? Infinity : 0, ...positive);
  const most = axis.most ?? Math.max(-Infinity, ...positive);
  if (!Number.isFinite(least) || !Number.isFinite(most))
    return { ...axis, least: axis.log ? 0.1 : 0, most: 1 };
  if (!axis.log) return { ...axis, least, most: axis.most ?? (most * 1.08 || 1) };
  return { ...axis, least: 10 ** Math.floor(Math.log10(least)), most: 10 ** Math.ceil(Math.log10(most)) };
}

function scale({ least, most, log }, from, to) {
  const bend = log ? (value) => Math.log10(Math.max(value, least)) : (value) => value;
  const span = bend(most) - bend(least) || 1;
  return (value) => from + ((bend(value) - bend(least)) / span) * (to - from);
}

function ticks({ least, most, log }) {
  if (log) return Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, i) => least * 10 ** i);
  const rough = (most - least) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

function axis(of, at, width, isX) {
  const bottom = HEIGHT - BOTTOM;
  const grid = ticks(of).flatMap((tick) => {
    const ends = isX
      ? { x1: at(tick), x2: at(tick), y1: bottom, y2: bottom + 4 }
      : { x1: LEFT, x2: width - RIGHT, y1: at(tick), y2: at(tick) };
    const label = isX
      ? text(short(tick), at(tick), bottom + 18, "middle")
      : text(short(tick), LEFT - 6, at(tick) + 4, "end");
    return [svg("line", { class: "grid", ...ends }), label];
  });
  const name = isX
    ? text(of.label, width - RIGHT, HEIGHT - 5, "end")
    : text(of.label, LEFT + 4, TOP + 2, "start");
  name.classList.add("axis-name");
  return isX
    ? [svg("line", { class: "base", x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }), ...grid, name]
    : [...grid, name];
}

/** @param {Series} series @param {Scale} x @param {Scale} y */
function line({ transport = "", points }, x, y) {
  const sorted = points.toSorted(([a], [b]) => a - b);
  const dot = { class: "dot", width: DOT, height: DOT };
  const dots = sorted.map(([a, b]) => svg("rect", { ...dot, x: x(a) - DOT / 2, y: y(b) - DOT / 2 }));
  const path = svg("polyline", { points: sorted.map(([a, b]) => `${x(a)},${y(b)}`).join(" ") });
  return svg("g", { class: "line", "data-transport": transport }, path, ...dots);
}

/** Write each line's name at its end, below another's where they would overlap. */
function names(series, x, y) {
  const ends = series.flatMap(({ label, transport, points }) => {
    const last = points.toSorted(([a], [b]) => a - b).at(-1);
    return last ? [{ label, transport, x: x(last[0]) - 8, y: y(last[1]) - 10 }] : [];
  });
  let free = TOP + NAME;
  return ends
    .toSorted((a, b) => a.y - b.y)
    .map((end) => {
      const at = Math.max(end.y, free);
      free = at + NAME;
      return svg(
        "g",
        { class: "line", "data-transport": end.transport ?? "" },
        text(end.label, end.x, at, "end"),
      );
    });
}

/** Write a tick's number in little room. */
function short(tick) {
  if (tick >= 1e6) return `${digits(tick / 1e6)} M`;
  return tick >= 1e4 ? `${digits(tick / 1e3)} k` : digits(tick);
}

function text(words, x, y, anchor) {
  return svg("text", { x, y, "text-anchor": anchor }, document.createTextNode(words));
}
