// What was written and has not been sent: it survives another room, the comparison, the way back, and a
// reload.
//
// One outbox a room goes on sending as long as the page lives; what is still unsent then is stored for this
// tab alone, as two tabs would both send it.

import { Outbox } from "../client/outbox.js";
import { isText, ofThisTab, recall, remember } from "../site/storage.js";

/** @typedef {import("../client/outbox.js").Sent} Sent */

/** @type {Map<string, Outbox>} */
const outboxes = new Map();

/**
 * Return the page's one outbox for a room.
 * @param {string} url  the room's
 */
export function outboxOf(url) {
  const outbox = outboxes.get(url) ?? restored(url);
  outboxes.set(url, outbox);
  return outbox;
}

/**
 * Begin to send, at last, what an earlier page left in any room.
 */
export function sendWhatIsLeft() {
  for (const url of recall("unsent rooms", isList, [], ofThisTab)) if (isText(url)) outboxOf(url);
}

/** @param {string} url */
function restored(url) {
  const name = `unsent ${url}`;
  const outbox = new Outbox(url, recall(name, isList, [], ofThisTab).filter(isSent));
  outbox.save = () => {
    const unsent = [...outbox.items.values()].filter(({ status }) => status !== "settled");
    remember(name, unsent.length ? unsent : null, ofThisTab);
    remember("unsent rooms", [...outboxes.keys()], ofThisTab);
  };
  return outbox;
}

/**
 * Return where a room's half-written message is stored.
 * @param {string} url  the room's
 */
export function draftOf(url) {
  const name = `draft ${url}`;
  return {
    read: () => recall(name, isText, "", ofThisTab),
    write: (/** @type {string} */ text) => remember(name, text || null, ofThisTab),
  };
}

/** @param {unknown} value @returns {value is unknown[]} */
function isList(value) {
  return Array.isArray(value);
}

/** @param {any} item @returns {item is Sent} */
function isSent(item) {
  const texts = [item?.key, item?.author, item?.text, item?.why];
  return texts.every(isText) && ["sending", "waiting", "refused"].includes(item.status);
}
