// <byte-ruler>: what this very browser sends and has, to scale, as the wire carried it.
//
// Each transport reads through a recorded wire of its own; then one message is posted, then nobody speaks.
// Measures, in bytes: `poll_short`, `poll_long` (an empty exchange, headers and all), `handshake`,
// `frame_head` (of one delivery), and `silence_short`, `silence_long`, `silence_websocket` (a minute of
// silence).

import { choice } from "../lab/controls.js";
import { element } from "../site/element.js";
import { openLinks } from "../lab/chaos.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sleep, send } from "../lab/room_reader.js";
import { Recorder, underneath, utf8 } from "../metering/recorder.js";
import { TRANSPORTS } from "../transports.js";
import { digits, number, size } from "../site/formatting.js";

const HOLD_SECONDS = 25;
const SHOWN = 3; // exchanges a transport

class ByteRuler extends Lab {
  static heading = "Your own bytes, to scale";

  controls() {
    this.silence = choice("Watch silence for", [
      ["10", "10 s"],
      ["60", "a minute"],
    ]);
    return [this.silence.node];
  }

  output() {
    this.rows = element("div.ruler-rows", { tabIndex: 0 });
    this.scale = element(
      "p.small",
      {},
      "Headers, payload, and (hatched) an estimate of TCP/IP: 52 bytes for a packet, 52 for its acknowledgement.",
    );
    return [this.rows, this.scale];
  }

  async experiment(signal) {
    const parts = [];
    const recorder = new Recorder((part) => parts.push(part));
    const names = TRANSPORTS.map(({ name }) => name);
    const { bases } = await openLinks(names, { signal, onBytes: recorder.take });
    const room = ownRoom("bytes");
    const readers = names.map((name) => {
      const reader = new RoomReader();
      reader.read(`${bases[name]}/rooms/${room}`, name, { signal });
      return reader;
    });
    this.report("The transports connect, and wait.");
    await sleep(2500, signal);
    await send(`/rooms/${room}`, "Hello, how long am I?", signal);
    while (readers.some(({ received }) => !received.length)) await sleep(50, signal);
    await sleep(100, signal);
    const spoken = parts.length;
    this.#show(parts);
    const quiet = Number(this.silence.value());
    await this.#wait(quiet, signal);
    this.#show(parts);
    return this.#result(parts, parts.slice(spoken), quiet);
  }

  async #wait(quiet, signal) {
    for (let left = quiet; left > 0; left--) {
      this.report(`Nobody speaks. ${left} s to go.`);
      await sleep(1000, signal);
    }
  }

  #show(parts) {
    const shown = TRANSPORTS.map(({ name, label }) => ({
      name,
      label,
      exchanges: exchangesOf(parts.filter(({ link }) => link === name)).slice(0, SHOWN),
    }));
    const longest = Math.max(...shown.flatMap(({ exchanges }) => exchanges.map(({ total }) => total)));
    const rows = shown.map(({ name, label, exchanges }) => {
      const bars = exchanges.map((exchange) => bar(exchange, longest));
      const row = element("section.ruler-row", {}, element("h4", {}, label), ...bars);
      row.dataset.transport = name;
      return row;
    });
    this.rows.replaceChildren(...rows);
  }

  #result(parts, silent, quiet) {
    const of = (name, from = parts) => from.filter(({ link }) => link === name);
    const polls = (name) => exchangesOf(of(name)).filter(({ what }) => what === "empty answer");
    const websocket = exchangesOf(of("websocket"));
    const delivery = websocket.find(({ what }) => what === "message");
    const poll_short = polls("short-polling")[0].bytes;
    const poll_long = (polls("long-polling")[0] ?? exchangesOf(of("long-polling"))[0]).bytes;
    const minute = (name) => (of(name, silent).reduce((sum, part) => sum + part.size, 0) * 60) / quiet;
    const values = {
      poll_short,
      poll_long,
      handshake: websocket[0].bytes,
      frame_head: delivery.headers,
      silence_short: minute("short-polling"),
      silence_long: (poll_long * 60) / HOLD_SECONDS,
      silence_websocket: minute("websocket"),
    };
    const summary =
      `An empty poll is ${number(poll_short)} bytes, the handshake ${number(values.handshake)}, a ` +
      `frame’s head ${number(values.frame_head)}. A minute of silence: ` +
      `${size(values.silence_short)} by short polling; ${size(values.silence_long)} by long polling, ` +
      `at one exchange every ${HOLD_SECONDS} s; ${size(values.silence_websocket)} by WebSocket, ` +
      `watched for ${digits(quiet)} s.`;
    const raw = parts.map(({ link, connection, way, kind, at, head, size: all }) => ({
      link,
      connection,
      way,
      kind,
      at,
      head: head.length,
      size: all,
    }));
    return { raw, n: parts.length, warmUp: "none: the handshake is part of it", values, summary };
  }
}

/** Pair requests with responses; frames stand alone. */
function exchangesOf(parts) {
  const exchanges = [];
  const open = new Map();
  for (const part of parts) {
    const { kind, way, head, connection } = part;
    if (kind === "request") open.set(connection, part);
    else if (kind !== "response") exchanges.push(summed(way === "up" ? "frame up" : meaning(part), [part]));
    else exchanges.push(summed(opening(head) ?? meaning(part), [open.get(connection), part].filter(Boolean)));
  }
  return exchanges;
}

function opening(head) {
  if (utf8(head).startsWith("HTTP/1.1 101")) return "handshake";
  return /text\/event-stream/.test(utf8(head)) ? "the answer begins" : undefined;
}

function meaning({ kind, frame, body }) {
  if (kind === "event" && !body.length) return "comment";
  if (frame && frame.opcode !== "text") return frame.opcode;
  return /"messages": \[\]/.test(utf8(body)) ? "empty answer" : "message";
}

function summed(what, parts) {
  const headers = parts.reduce((sum, { head }) => sum + head.length, 0);
  const bytes = parts.reduce((sum, part) => sum + part.size, 0);
  const under = parts.reduce((sum, part) => sum + underneath(part.size), 0);
  return {
    what,
    headers,
    payload: bytes - headers,
    under,
    bytes,
    total: bytes + under,
    text: parts.map(({ kind, head }) => (kind === "frame" ? "" : utf8(head))).join(""),
  };
}

function bar({ what, headers, payload, under, bytes, total, text }, longest) {
  const piece = (kind, count) => {
    const made = element(`i.ruler-${kind}`, { title: `${kind}: ${count} bytes` });
    made.style.width = `${(100 * count) / longest}%`;
    return made;
  };
  const label =
    `${what}: ${number(headers)} B of headers, ${number(payload)} B of payload, about ${number(under)} ` +
    `B of TCP/IP`;
  const drawn = element(
    "div.ruler-bar",
    { role: "img", ariaLabel: label },
    piece("headers", headers),
    piece("payload", payload),
    piece("under", under),
  );
  const words = element(
    "span",
    {},
    `${what} · ${number(headers)} + ${number(payload)} = ${number(bytes)} B (+ ≈ ${number(total - bytes)})`,
  );
  const twin = text
    ? element("details.small", {}, element("summary", {}, words), element("pre", {}, text))
    : words;
  return element("div.ruler-exchange", {}, drawn, twin);
}

customElements.define("byte-ruler", ByteRuler);
