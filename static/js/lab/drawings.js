// Drawings: the parts of a plot as SVG. Each has a place of its own, so that no words cover a point or a
// number: the vertical axis's name stands above the frame, marks are named in the headroom above the bars, and
// the names of lines stand in a legend outside the picture.

import { element, svg } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { ticks } from "./scales.js";

/**
 * @typedef {import("./scales.js").Axis} Axis
 * @typedef {import("./scales.js").Scale} Scale
 * @typedef {{label: string, transport?: string, variant?: number, points: number[][]}} Series  `points`: [x, y];
 *   `variant`: the number of this series among those of its transport
 * @typedef {{from: number, to: number, kind: string}} Span
 * @typedef {{width: number, height: number}} Size
 */

export const LEFT = 46;
export const RIGHT = 20;
export const TOP = 24;
export const BOTTOM = 40;
export const HEADROOM = 1.35; // of a histogram above its highest bar, for the names of two marks
const MARK_LINE = 15;
const DOT = 11;
const LETTER = 6.6; // the width of a letter, on average, in a plot

/** Write words. @param {string} words @param {number} x @param {number} y @param {string} anchor */
export function text(words, x, y, anchor) {
  return svg("text", { x, y, "text-anchor": anchor }, document.createTextNode(words));
}

/** Draw the horizontal axis. @param {Axis & {least: number, most: number}} of @param {Scale} at @param {Size} size */
export function horizontalAxis(of, at, { width, height }) {
  const bottom = height - BOTTOM;
  const base = svg("line", { class: "base", x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom });
  const marks = ticks(of).flatMap((tick) => [
    svg("line", { class: "grid", x1: at(tick), x2: at(tick), y1: bottom, y2: bottom + 4 }),
    text(short(tick), at(tick), bottom + 17, "middle"),
  ]);
  return [base, ...marks, named(text(of.label, width - RIGHT, height - 5, "end"))];
}

/** Draw the vertical axis. @param {Axis & {least: number, most: number}} of @param {Scale} at @param {Size} size */
export function verticalAxis(of, at, { width }) {
  const marks = ticks(of).flatMap((tick) => [
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at(tick), y2: at(tick) }),
    text(short(tick), LEFT - 6, at(tick) + 4, "end"),
  ]);
  return [...marks, named(text(of.label, 0, 11, "start"))];
}

/** @param {SVGElement} name */
function named(name) {
  name.classList.add("axis-name");
  return name;
}

/** Write a tick's number in little room. @param {number} tick */
function short(tick) {
  if (tick >= 1e6) return `${digits(tick / 1e6)} M`;
  return tick >= 1e4 ? `${digits(tick / 1e3)} k` : digits(tick);
}

/** Draw a bar of a histogram. @param {{from: number, to: number, count: number}} bin @param {Scale} x @param {Scale} y */
export function bar({ from, to, count }, x, y) {
  const width = Math.max(1, x(to) - x(from) - 1);
  return svg("rect", { class: "plot-bar", x: x(from) + 0.5, width, y: y(count), height: y(0) - y(count) });
}

/** Draw marks, and name each on a line of its own. @param {{at: number, label: string}[]} marks @param {Scale} x @param {Scale} y @param {number} width */
export function markLines(marks, x, y, width) {
  const lines = marks.map(({ at }) =>
    svg("line", { class: "mark-line", x1: x(at), x2: x(at), y1: TOP, y2: y(0) }),
  );
  const labels = marks.map(({ at, label }, i) => {
    const right = x(at) + 5 + label.length * LETTER < width - RIGHT;
    return text(label, x(at) + (right ? 5 : -5), TOP + 11 + MARK_LINE * i, right ? "start" : "end");
  });
  return [...lines, ...labels];
}

/** Draw a line with a shape at each point. @param {Series} series @param {Scale} x @param {Scale} y */
export function line({ transport = "", variant = 0, points }, x, y) {
  const sorted = points.toSorted(([a], [b]) => a - b);
  const dots = sorted.map(([a, b]) => dot(x(a), y(b)));
  const path = svg("polyline", { points: sorted.map(([a, b]) => `${x(a)},${y(b)}`).join(" ") });
  return svg("g", { class: "line", "data-transport": transport, "data-variant": variant }, path, ...dots);
}

/** @param {number} x @param {number} y */
function dot(x, y) {
  return svg("rect", { class: "dot", width: DOT, height: DOT, x: x - DOT / 2, y: y - DOT / 2 });
}

/** Name the lines, each with a piece of itself. @param {Series[]} series */
export function legend(series) {
  const entries = series.map((one) => {
    const piece = line({ ...one, points: [[0, 0]] }, () => 17, () => 7); // prettier-ignore
    piece.prepend(svg("polyline", { points: "0,7 34,7" }));
    const sample = svg("svg", { width: 34, height: 14, "aria-hidden": "true" }, piece);
    return element("li", {}, sample, ` ${one.label}`);
  });
  return element("ul.plot-legend", {}, ...entries);
}

/**
 * Draw a row of a timeline: its name, and below it its spans.
 * @param {{label: string, transport?: string, spans: Span[]}} row
 * @param {Scale} x
 * @param {{top: number, height: number, width: number}} place
 */
export function spanRow({ label, transport = "", spans }, x, { top, height, width }) {
  const under = label ? 18 : 1;
  const thick = Math.max(1, Math.min(26, height - under - 1));
  const bars = spans.map(({ from, to, kind }) => {
    const place = { x: x(from), width: Math.max(2, x(to) - x(from)), y: top + under, height: thick };
    return svg("rect", { class: `span ${kind}`, "data-transport": transport, ...place });
  });
  if (!label) return bars;
  const last = width - RIGHT - label.length * LETTER; // where the name can begin without being cut off
  const begin = Math.max(0, Math.min(x(spans[0]?.from ?? 0), last));
  return [...bars, text(label, begin, top + 12, "start")];
}
