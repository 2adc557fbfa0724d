// Exchanges: what a recorded link carried, as a request with its answer, a frame or an event, and its bytes summed.
//
// Headers are what a payload can't do without: a request's and an answer's heads, a frame's header, an event's
// fields. TCP and IP are an estimate, and never part of a sum of bytes.

import { underneath, utf8 } from "../metering/recorder.js";

/**
 * @typedef {object} Sum
 * @property {number} headers
 * @property {number} payload
 * @property {number} bytes  headers and payload
 * @property {number} under  about what TCP and IP add
 *
 * @typedef {Sum & {what: string, text: string}} Exchange
 */

/** Add up the bytes of parts. @param {import("../metering/recorder.js").Part[]} parts @returns {Sum} */
export function sumOf(parts) {
  const headers = parts.reduce((sum, { head }) => sum + head.length, 0);
  const bytes = parts.reduce((sum, { size }) => sum + size, 0);
  const under = parts.reduce((sum, { size }) => sum + underneath(size), 0);
  return { headers, payload: bytes - headers, bytes, under };
}

/** Multiply what was seen for some seconds; the sum still adds up. @param {Sum} sum @param {number} factor */
export function scaled({ headers, payload, under }, factor) {
  const [head, load] = [Math.round(headers * factor), Math.round(payload * factor)];
  return { headers: head, payload: load, bytes: head + load, under: Math.round(under * factor) };
}

/**
 * Pair requests with their answers; frames and events stand alone.
 * @param {import("../metering/recorder.js").Part[]} parts
 * @returns {Exchange[]}
 */
export function exchangesOf(parts) {
  const exchanges = [];
  const open = new Map();
  for (const part of parts) {
    const { kind, way, head, connection } = part;
    if (kind === "request") open.set(connection, part);
    else if (kind !== "response") exchanges.push(exchange(way === "up" ? "frame up" : meaning(part), [part]));
    else
      exchanges.push(exchange(opening(head) ?? meaning(part), [open.get(connection), part].filter(Boolean)));
  }
  return exchanges;
}

function exchange(what, parts) {
  const text = parts.map(({ kind, head }) => (kind === "frame" ? "" : utf8(head))).join("");
  return { what, text, ...sumOf(parts) };
}

function opening(head) {
  if (utf8(head).startsWith("HTTP/1.1 101")) return "handshake";
  return /text\/event-stream/.test(utf8(head)) ? "the answer begins" : undefined;
}

/** @param {import("../metering/recorder.js").Part} part */
function meaning({ kind, frame, body }) {
  if (kind === "event" && !body.length) return "comment";
  if (frame && frame.opcode !== "text") return frame.opcode;
  return /"messages": \[\]/.test(utf8(body)) ? "empty answer" : "message";
}
