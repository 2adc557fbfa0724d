// Listening: read a room for an experiment, and note of each message when it came and how late.

import { calibrate, wallClock } from "../metering/calibration.js";
import { namedWire } from "../metering/page_label.js";
import { ExactlyOnce } from "../metering/meter.js";
import { newKey, post } from "../client/post.js";
import { pause } from "../client/retry.js";
import { transportNamed } from "../transports.js";

/** Give a room of this experiment's own, so that nobody else talks in it. @param {string} stem */
export function ownRoom(stem) {
  return `${stem}-${newKey().slice(0, 8)}`;
}

/**
 * @typedef {object} Heard
 * @property {number} id
 * @property {number} sentAt  ms since 1970, on the server's clock
 * @property {number} delay  ms
 */

/** One reader: what it heard, exactly once or not. */
export class Listener {
  meter = new ExactlyOnce();
  /** @type {Heard[]} */
  heard = [];
  batches = 0;
  empty = 0;
  cursor = "now";
  #last = 0;
  #clockMs = 0;

  /** @param {(heard: Heard[]) => void} [onHeard] */
  constructor(onHeard = () => {}) {
    this.onHeard = onHeard;
    calibrate().then(({ clockMs }) => (this.#clockMs = clockMs));
  }

  /**
   * Listen, until the signal aborts.
   * @param {string} url  the room's
   * @param {string} name  the transport's
   * @param {object} how  what `connect` takes beside the callbacks
   */
  listen(url, name, { wire = namedWire, onState = () => {}, ...how }) {
    const onBatch = (batch) => this.take(batch);
    return transportNamed(name).connect(url, { cursor: this.cursor, wire, onState, onBatch, ...how });
  }

  /** Take a batch by the contract's rule: what was there already is dropped, a gap starts over. */
  take({ cursor, gap, messages }) {
    const now = wallClock() + this.#clockMs;
    this.cursor = cursor;
    this.batches += 1;
    this.empty += messages.length === 0;
    if (gap) this.#startOver();
    const fresh = messages.filter(({ id }) => id > this.#last);
    const heard = fresh.map(({ id, sent_at }) => ({ id, sentAt: sent_at * 1000, delay: now - sent_at * 1000 }));
    for (const { id } of fresh) this.meter.saw((this.#last = id));
    this.heard.push(...heard);
    if (heard.length) this.onHeard(heard);
  }

  #startOver() {
    this.#last = 0;
    this.meter.startOver();
  }

  /** @returns {number[]} */
  get delays() {
    return this.heard.map(({ delay }) => delay);
  }
}

/**
 * Say things at given moments, until the signal aborts; an open loop, that waits for no answer.
 * @param {string} url  the room's
 * @param {number[]} at  ms from now
 * @param {AbortSignal} signal
 * @returns {Promise<number>} how many were acknowledged
 */
export async function sayAt(url, at, signal) {
  const began = performance.now();
  const said = [];
  for (const moment of at) {
    await pause(Math.max(0, began + moment - performance.now()), signal);
    if (signal.aborted) break;
    said.push(say(url, `message ${said.length + 1}`, signal));
  }
  const settled = await Promise.allSettled(said);
  return settled.filter(({ status }) => status === "fulfilled").length;
}

/** Say one thing. @returns {Promise<{id: number}>} the ack */
export function say(url, text, signal, author = "lab") {
  return post(url, { author, text, key: newKey() }, { signal });
}

/** Wait; throws when the signal aborts. @param {number} ms @param {AbortSignal} signal */
export async function rest(ms, signal) {
  const end = performance.now() + ms;
  while (!signal.aborted && performance.now() < end) await pause(end - performance.now(), signal); // a look at the page ends a pause early
  signal.throwIfAborted();
}
