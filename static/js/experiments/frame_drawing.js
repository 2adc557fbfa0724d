// Frame drawing: a frame's fields and their bytes, and what masking does to the first bytes of a payload.

import { mask, hex } from "../metering/rfc6455.js";
import { utf8 } from "../metering/recorder.js";
import { element } from "../site/element.js";

/** @typedef {import("../metering/rfc6455.js").Frame} Frame */

const HEX_SHOWN = 48;
const MASKED_SHOWN = 6; // bytes, beside each other on a phone
const UNREADABLE = /[^ -~]/g;

/**
 * Draw a frame as an item of a list.
 * @param {{frame: Frame, way: "up" | "down"}} part
 * @param {boolean} asSent  whether a masked payload is shown as it travels
 */
export function frameItem({ frame, way }, asSent) {
  const key = bytesOf(frame, "masking key");
  const fields = frame.fields.map(({ name, bytes, meaning }) => {
    if (name !== "payload" || !key) return field(name, bytes, meaning);
    return asSent
      ? field(name, bytes, `${meaning}, masked`)
      : field(name, mask(bytes, key), `${meaning}, unmasked`);
  });
  const title = `${way === "up" ? "↑ you" : "↓ the server"}: ${frame.opcode}, ${frame.size} bytes`;
  const masking = key ? [maskTable(frame.payload, key, asSent)] : [];
  const text = key && asSent ? readable(mask(frame.payload, key)) : utf8(frame.payload);
  const words = element("p.small.frame-text", {}, text);
  return element("li", {}, element("strong", {}, title), element("dl", {}, ...fields), ...masking, words);
}

/** @param {string} name @param {Uint8Array} bytes @param {string} meaning */
function field(name, bytes, meaning) {
  const digits = hex(bytes.slice(0, HEX_SHOWN)) + (bytes.length > HEX_SHOWN ? " …" : "");
  const value = element("dd", {}, element("code", {}, digits), element("span.small", {}, meaning));
  return element("div.frame-field", {}, element("dt", {}, name), value);
}

/** @param {Frame} frame @param {string} name */
function bytesOf(frame, name) {
  return frame.fields.find((field) => field.name === name)?.bytes;
}

/** Show byte by byte what masking changes. @param {Uint8Array} payload @param {Uint8Array} key @param {boolean} asSent */
function maskTable(payload, key, asSent) {
  const plain = payload.slice(0, MASKED_SHOWN);
  const keys = plain.map((_, i) => key[i % key.length]);
  const row = (/** @type {string} */ head, /** @type {string[]} */ cells, kind = "") => {
    const shown = cells.map((cell) => element("td", {}, element("code", {}, cell)));
    return element(`tr${kind}`, {}, element("th", { scope: "row" }, head), ...shown);
  };
  const each = (/** @type {Uint8Array} */ bytes) => Array.from(bytes, (byte) => hex(Uint8Array.of(byte)));
  const rows = [
    row("your text", [...readable(plain)]),
    row("its bytes", each(plain), asSent ? "" : ".shown"),
    row("XOR the key", each(keys)),
    row("as sent", each(mask(plain, key)), asSent ? ".shown" : ""),
  ];
  const caption = element("caption", {}, "How the payload begins");
  return element("table.mask-table", {}, caption, element("tbody", {}, ...rows));
}

/** @param {Uint8Array} bytes */
function readable(bytes) {
  return String.fromCharCode(...bytes).replace(UNREADABLE, "·");
}
