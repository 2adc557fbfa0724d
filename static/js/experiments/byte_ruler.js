// <byte-ruler>: what this very browser sends and receives, to scale, as the network carried it.
//
// Each transport reads through a recorded link of its own; then one message is posted, then there is none for a
// minute. Measures, in bytes: `empty_short-polling` (a poll without a message, headers and all), `handshake`,
// `frame_head` (of one delivery), and `message_…` and `silence_…` (a minute's) of each transport.

import { choice } from "../lab/controls.js";
import { element, shapeOf } from "../site/element.js";
import { openLinks } from "../lab/chaos.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sleep, send } from "../lab/room_reader.js";
import { Recorder } from "../metering/recorder.js";
import { TRANSPORTS } from "../transports.js";
import { number, size } from "../site/formatting.js";
import { exchangesOf, scaled, sumOf } from "./exchanges.js";

const SHOWN = 4; // exchanges a transport, in the details
const NAMES = TRANSPORTS.map(({ name }) => name);

class ByteRuler extends Lab {
  static heading = "Your own bytes, to scale";

  controls() {
    this.silence = choice("Without a message for", [
      ["60", "a minute"],
      ["10", "10 s, multiplied (too short for a hold or a ping)"],
    ]);
    return [this.silence.node];
  }

  output() {
    this.silent = chart("A minute without messages");
    this.spoken = chart("One message");
    this.rows = element("div.ruler-rows", { tabIndex: 0, role: "group", ariaLabel: "Each exchange" });
    const legend =
      "Dark: headers. Light: payload. Hatched: about what TCP and IP add, 52 bytes for a packet and 52 for its " +
      "acknowledgement; it stands after the ≈ and in no sum. Each of the two pictures has a scale of its own.";
    const details = element(
      "details",
      {},
      element("summary", {}, "Each exchange, with its headers"),
      this.rows,
    );
    return [this.silent.node, this.spoken.node, element("p.small", {}, legend), details];
  }

  async experiment(signal) {
    const parts = [];
    const recorder = new Recorder((part) => parts.push(part));
    const { bases } = await openLinks(NAMES, { signal, onBytes: recorder.take });
    const room = ownRoom("bytes");
    const readers = NAMES.map((name) => {
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
    const quiet = Number(this.silence.value());
    for (let left = quiet; left > 0; left--) {
      this.report(`Nobody sends anything. ${left} s to go.`);
      await sleep(1000, signal);
    }
    return this.#result(parts, parts.slice(spoken), quiet);
  }

  #result(parts, silent, quiet) {
    const of = (name, from = parts) => from.filter(({ link }) => link === name);
    const exchanges = Object.fromEntries(NAMES.map((name) => [name, exchangesOf(of(name))]));
    const first = (name, what) => exchanges[name].find((one) => one.what === what);
    const minute = Object.fromEntries(
      NAMES.map((name) => [name, scaled(sumOf(of(name, silent)), 60 / quiet)]),
    );
    const message = Object.fromEntries(NAMES.map((name) => [name, first(name, "message")]));
    this.silent.show(minute);
    this.spoken.show(message);
    this.rows.replaceChildren(...TRANSPORTS.map((transport) => listed(transport, exchanges[transport.name])));
    const values = {
      "empty_short-polling": first("short-polling", "empty answer").bytes,
      handshake: first("websocket", "handshake").bytes,
      frame_head: message.websocket.headers,
    };
    for (const name of NAMES) {
      values[`silence_${name}`] = minute[name].bytes;
      values[`message_${name}`] = message[name].bytes;
    }
    const raw = parts.map(({ head, size: all, link, connection, way, kind, at }) => {
      return { link, connection, way, kind, at, head: head.length, size: all };
    });
    const warmUp = "none: the handshake is part of it";
    return { raw, n: parts.length, warmUp, values, summary: summaryOf(values) };
  }
}

function summaryOf(values) {
  const each = TRANSPORTS.map(({ name, label }) => `${size(values[`silence_${name}`])} by ${label}`);
  return (
    `A minute without messages takes ${each.join(", ")}. An empty poll is ` +
    `${number(values["empty_short-polling"])} B, the WebSocket’s handshake ${number(values.handshake)} B.`
  );
}

/** A picture with one bar a transport, empty until `show`. @param {string} title */
function chart(title) {
  const rows = new Map(NAMES.map((name) => [name, element("div.ruler-one")]));
  const show = (sums) => {
    const longest = Math.max(...Object.values(sums).map(({ bytes, under }) => bytes + under));
    for (const [name, row] of rows)
      row.replaceChildren(bar(sums[name], longest), element("span", {}, words(sums[name])));
  };
  const lines = TRANSPORTS.map((transport) =>
    element(
      "div.ruler-line",
      { "data-transport": transport.name },
      element("span.ruler-label", {}, shapeOf(transport), ` ${transport.label}`),
      rows.get(transport.name),
    ),
  );
  for (const row of rows.values()) row.append(element("div.ruler-bar"), element("span", {}, "–"));
  return { node: element("figure.ruler", {}, element("figcaption", {}, title), ...lines), show };
}

/** List a transport's first exchanges, one a bar. */
function listed({ name, label }, exchanges) {
  const longest = Math.max(...exchanges.map(({ bytes, under }) => bytes + under));
  const shown = exchanges.slice(0, SHOWN).map((exchange) => {
    const line = element("span", {}, `${exchange.what} · ${words(exchange)}`);
    const headers = element(
      "details.small",
      {},
      element("summary", {}, line),
      element("pre", { tabIndex: 0 }, exchange.text),
    );
    return element("div.ruler-exchange", {}, bar(exchange, longest), exchange.text ? headers : line);
  });
  return element("section", { "data-transport": name }, element("p.ruler-label", {}, label), ...shown);
}

function words({ headers, payload, bytes, under }) {
  return `${number(headers)} + ${number(payload)} = ${number(bytes)} B (≈ ${number(under)})`;
}

/** The text beside it says the same: it is for the eye alone. */
function bar({ headers, payload, under }, longest) {
  const pieces = Object.entries({ headers, payload, under }).map(([kind, count]) => {
    const piece = element(`i.ruler-${kind}`);
    piece.style.width = `${(100 * count) / longest}%`;
    return piece;
  });
  return element("div.ruler-bar", { ariaHidden: "true" }, ...pieces);
}

customElements.define("byte-ruler", ByteRuler);
