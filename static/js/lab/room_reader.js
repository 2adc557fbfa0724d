// Reading a room for an experiment, and noting of each message when it came and how late.

import { newKey, post } from "../client/post.js";
import { pause } from "../client/retry.js";
import { ServerClock } from "../metering/calibration.js";
import { ExactlyOnce } from "../metering/meter.js";
import { labelledNetwork } from "../metering/page_label.js";
import { transportNamed } from "../transports.js";

/** @typedef {import("../client/contract.js").Batch} Batch */

/**
 * Return the name of a room of this experiment's own, so that nobody else writes in it.
 * @param {string} stem
 */
export function ownRoom(stem) {
  return `${stem}-${newKey().slice(0, 8)}`;
}

/**
 * @typedef {object} Received
 * @property {number} id
 * @property {number} sentAt  ms since 1970, on the server's clock
 * @property {number} delay  ms
 */

/** One reader: what it received, exactly once or not. */
export class RoomReader {
  meter = new ExactlyOnce();
  /** @type {Received[]} */
  received = [];
  batches = 0;
  empty = 0;
  cursor = "now";
  #last = 0;
  #clock = new ServerClock();

  /** @param {(received: Received[]) => void} [onReceived] */
  constructor(onReceived = () => {}) {
    this.onReceived = onReceived;
  }

  /**
   * Read, until the signal aborts.
   * @param {string} url  the room's
   * @param {string} name  the transport's
   * @param {object} how  what `connect` takes beside the callbacks
   * @param {AbortSignal} how.signal
   * @param {import("../client/contract.js").Network} [how.network]
   * @param {(state: import("../client/contract.js").State) => void} [how.onState]
   * @param {number} [how.interval]
   */
  read(url, name, { network = labelledNetwork, onState = () => {}, ...how }) {
    const onBatch = (/** @type {Batch} */ batch) => this.apply(batch);
    const reading = { cursor: this.cursor, network, onState, onBatch, ...how };
    return transportNamed(name).connect(url, reading);
  }

  /**
   * Apply a batch by the contract's rule: what we have is dropped, a gap starts over.
   * @param {Batch} batch
   */
  apply({ cursor, gap, messages }) {
    const { now } = this.#clock.read();
    this.cursor = cursor;
    this.batches += 1;
    if (!messages.length) this.empty += 1;
    if (gap) this.#startOver();
    const fresh = messages.filter(({ id }) => id > this.#last);
    const received = fresh.map(({ id, sent_at }) => ({
      id,
      sentAt: sent_at * 1000,
      delay: now - sent_at * 1000,
    }));
    for (const { id } of fresh) this.meter.saw((this.#last = id));
    this.received.push(...received);
    if (received.length) this.onReceived(received);
  }

  #startOver() {
    this.#last = 0;
    this.meter.startOver();
  }

  /** @returns {number[]} */
  get delays() {
    return this.received.map(({ delay }) => delay);
  }
}

/**
 * Send messages at given moments, until the signal aborts; an open loop, that waits for no answer.
 * @param {string} url  the room's
 * @param {number[]} at  ms from now
 * @param {AbortSignal} signal
 * @returns {Promise<number>} how many were acknowledged
 */
export async function sendAt(url, at, signal) {
  const began = performance.now();
  const sent = [];
  for (const moment of at) {
    await pause(Math.max(0, began + moment - performance.now()), signal);
    if (signal.aborted) break;
    sent.push(send(url, `message ${sent.length + 1}`, signal));
  }
  const settled = await Promise.allSettled(sent);
  return settled.filter(({ status }) => status === "fulfilled").length;
}

/**
 * Send one message.
 * @param {string} url  the room's
 * @param {string} text
 * @param {AbortSignal} signal
 * @param {string} [author]
 */
export function send(url, text, signal, author = "lab") {
  return post(url, { author, text, key: newKey() }, { signal });
}

/** Wait; throws when the signal aborts. @param {number} ms @param {AbortSignal} signal */
export async function sleep(ms, signal) {
  await pause(ms, signal);
  signal.throwIfAborted();
}
