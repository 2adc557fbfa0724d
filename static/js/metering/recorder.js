// Recorder: the bytes of a recorded link, sorted into requests, responses and frames.
//
// The bytes are those that really travelled, headers and masks included: the proxy saw them, no script could.

import { readFrame } from "./rfc6455.js";

/**
 * @typedef {object} Part  one request, response or frame
 * @property {string} link
 * @property {number} connection
 * @property {"up" | "down"} way
 * @property {"request" | "response" | "frame" | "event"} kind
 * @property {number} at  seconds since 1970
 * @property {Uint8Array} head  of a frame: its header
 * @property {Uint8Array} body
 * @property {number} size
 * @property {import("./rfc6455.js").Frame} [frame]
 */

const decoder = new TextDecoder();

/** Sorts what each connection carries, and tells each part when it is whole. */
export class Recorder {
  #lines = new Map();

  /** @param {(part: Part) => void} onPart */
  constructor(onPart) {
    this.onPart = onPart;
  }

  /** Take bytes, as `openLinks` gives them. */
  take = ({ link, connection, way, at, bytes }) => {
    const name = `${link} ${connection}`;
    if (!this.#lines.has(name))
      this.#lines.set(name, { up: new Uint8Array(), down: new Uint8Array(), upgraded: false });
    const line = this.#lines.get(name);
    line[way] = joined(line[way], bytes);
    let part;
    while ((part = this.#read(line, way))) {
      line[way] = line[way].slice(part.size);
      const kind = part.kind ?? (way === "up" ? "request" : "response");
      if (kind === "response" && text(part.head).startsWith("HTTP/1.1 101")) line.upgraded = true;
      if (kind === "response" && /\ncontent-type: *text\/event-stream/i.test(text(part.head)))
        line.streams = true;
      this.onPart({ link, connection, way, at, ...part, kind });
    }
  };

  #read(line, way) {
    if (line.streams && way === "down") return eventOf(line.down);
    const handshake = text(line[way].slice(0, 5)) === "HTTP/";
    return line.upgraded && !handshake ? frameOf(line[way]) : messageOf(line[way]);
  }
}

function frameOf(bytes) {
  const frame = readFrame(bytes);
  if (!frame) return null;
  const headSize = frame.size - frame.payload.length;
  return { kind: "frame", frame, size: frame.size, head: bytes.slice(0, headSize), body: frame.payload };
}

function messageOf(bytes) {
  const said = text(bytes);
  const end = said.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const headSize = end + 4;
  const size = headSize + Number(/\ncontent-length: *(\d+)/i.exec(said.slice(0, headSize))?.[1] ?? 0);
  if (bytes.length < size) return null;
  return { size, head: bytes.slice(0, headSize), body: bytes.slice(headSize, size) };
}

/** One chunk of an event stream; its data is the payload, and all around it the head. */
function eventOf(bytes) {
  const said = text(bytes);
  const end = said.indexOf("\r\n");
  const size = end + 2 + Number.parseInt(said, 16) + 2;
  if (end < 0 || bytes.length < size) return null;
  const data = said.slice(0, size).indexOf("data: "); // what follows may be here already
  const from = data < 0 ? size : data + "data: ".length;
  const to = Math.max(from, size - 4);
  return {
    kind: "event",
    size,
    head: joined(bytes.slice(0, from), bytes.slice(to, size)),
    body: bytes.slice(from, to),
  };
}

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Read bytes as text, one character a byte: positions stay what they are. */
function text(bytes) {
  return bytes.reduce((said, byte) => said + String.fromCharCode(byte), "");
}

/** Read bytes as UTF-8. @param {Uint8Array} bytes @returns {string} */
export function utf8(bytes) {
  return decoder.decode(bytes);
}

/**
 * Estimate what TCP and IP add to some bytes: 52 a segment of at most 1448, and as much for an
 * acknowledgement.
 */
export function underneath(size) {
  return Math.ceil(size / 1448) * 2 * 52;
}
