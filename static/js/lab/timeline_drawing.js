// Timeline drawing: a reader's requests between two lines, the reader's above and the server's below, as RFC 6202
// draws them; and from each message's moment to the moment when the reader has it, a bar: how late it is.

import { svg } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { text } from "./drawings.js";
import { ticks } from "./scales.js";

/**
 * @typedef {import("./reading_rules.js").Request} Request
 * @typedef {{label: string, transport: string, requests: Request[], seen: (number | null)[]}} Played
 * @typedef {{x: (value: number) => number, width: number, height: number}} Canvas
 */

const ROW = 124; // css/experiments.css gives as much to each row, and LANE to each message
const LANE = 28;
const READER = 34; // from the top of a row to each of its lines
const SERVER = 86;
const LATE = 14; // from the server's line to the first bar, and from one bar to the next
const HELD = 12;
const LETTER = 6.6;

/** Where things stand. */
export const FRAME = {
  side: 16,
  reach: 22, // of a finger around a message
  /** The height of a message's line, below so many rows. @param {number} rows @param {number} i */
  lane: (rows, i) => rows * ROW + 14 + i * LANE,
};

/**
 * Draw everything but the messages.
 * @param {Played[]} rows
 * @param {{at: number}[]} messages
 * @param {number} length
 * @param {Canvas} canvas
 */
export function drawn(rows, messages, length, canvas) {
  const { x, width } = canvas;
  const drops = messages.map(({ at }, i) => stroke("drop", x(at), SERVER, x(at), FRAME.lane(rows.length, i)));
  const foot = FRAME.lane(rows.length, messages.length);
  const axis = ticks({ least: 0, most: length }).map((tick) =>
    text(`${digits(tick)} s`, Math.min(x(tick), width - 14), foot, "middle"),
  );
  return [...drops, ...rows.flatMap((row, i) => rowOf(row, i * ROW, messages, length, canvas)), ...axis];
}

/** @param {Played} row @param {number} top @param {{at: number}[]} messages @param {number} length @param {Canvas} canvas */
function rowOf({ label, transport, requests, seen }, top, messages, length, { x, width }) {
  const within = (/** @type {number} */ value) => x(Math.min(value, length));
  const shown = requests.filter(({ asked }) => asked <= length);
  const lines = [top + READER, top + SERVER].map((y) => stroke("base", FRAME.side, y, width - FRAME.side, y));
  const names = [
    text(`${label && `${label}: `}reader`, FRAME.side, top + READER - 10, "start"),
    text("server", FRAME.side, top + SERVER + 16, "start"),
  ];
  const bars = messages.flatMap(({ at }, i) =>
    lateness(at, seen[i], top + SERVER + LATE * (i + 1), x, width),
  );
  const asked = shown.flatMap((request) => requestOf(request, top, x, within));
  return [
    svg("g", { class: "requests", "data-transport": transport }, ...lines, ...asked, ...bars),
    ...names,
  ];
}

/** @param {Request} request @param {number} top @param {(value: number) => number} x @param {(value: number) => number} within */
function requestOf({ asked, reached, answered, back, ids }, top, x, within) {
  const [reader, server] = [top + READER, top + SERVER];
  const held = {
    class: "held",
    x: x(reached),
    width: Math.max(0, within(answered) - x(reached)),
    y: server - HELD,
    height: HELD,
  };
  return [
    svg("rect", held),
    arrow("asks", x(asked), reader, x(reached), server),
    arrow(ids.length ? "brings" : "empty", x(answered), server, x(back), reader),
  ];
}

/** @param {number} at @param {number | null} seen @param {number} y @param {(value: number) => number} x @param {number} width */
function lateness(at, seen, y, x, width) {
  if (seen === null) return [text("✕ lost", x(at) + 8, y + 5, "start")];
  const words = `${digits(seen - at)} s late`;
  const right = x(seen) + 6 + words.length * LETTER < width;
  const name = text(words, right ? x(seen) + 6 : x(at) - 6, y + 5, right ? "start" : "end");
  return [svg("rect", { class: "late", x: x(at), width: x(seen) - x(at), y: y - 2, height: 5 }), name];
}

/** @param {string} kind @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
function stroke(kind, x1, y1, x2, y2) {
  return svg("line", { class: kind, x1, y1, x2, y2 });
}

/** @param {string} kind @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
function arrow(kind, x1, y1, x2, y2) {
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  const head = svg("path", {
    d: "M -7 -4 L 0 0 L -7 4 z",
    transform: `translate(${x2} ${y2}) rotate(${angle})`,
  });
  return svg("g", { class: kind }, stroke("way", x1, y1, x2, y2), head);
}
