// Recovery readers: one over each transport and one written in a hurry, and what each has while their
// connections are cut.
//
// All begin at one cursor, so what is sent from then on is missing to those that don't have it. The one written
// in a hurry is a WebSocket without a cursor that never reconnects.

import { requestBatch } from "../client/request.js";
import { RoomReader, sleep } from "../lab/room_reader.js";
import { stateInWords } from "../site/formatting.js";
import { TRANSPORTS } from "../transports.js";

/**
 * @typedef {object} Reading
 * @property {RoomReader} reader
 * @property {() => string} words  what it does at this moment
 * @property {number | null} cutAt  as `performance.now()` gives it
 * @property {number | null} back  ms from the cut to the first message after it
 */

export const HASTY = "hasty";
const OURS = TRANSPORTS.map(({ name }) => name);
export const NAMES = [...OURS, HASTY];

/** The readers, and how many messages each misses. */
export class RecoveryReaders {
  /** How many messages were acknowledged. */
  sent = 0;
  /** @type {Map<string, Reading>} */
  #readings;

  constructor() {
    const fresh = (/** @type {string} */ name) => {
      const reader = new RoomReader(() => this.#arrived(name));
      return { reader, words: () => "connecting", cutAt: null, back: null };
    };
    this.#readings = new Map(NAMES.map((name) => [name, fresh(name)]));
  }

  /** @param {string} name @returns {Reading} */
  of(name) {
    return /** @type {Reading} */ (this.#readings.get(name));
  }

  /** @returns {Reading[]} */
  get #ours() {
    return OURS.map((name) => this.of(name));
  }

  /**
   * Begin to read.
   * @param {Record<string, string>} urls  the room's, for each reader
   * @param {AbortSignal} signal
   */
  async begin(urls, signal) {
    const now = `${urls[HASTY]}/short-polling?cursor=now`;
    const { cursor } = await requestBatch(now, { network: globalThis, signal, timeout: 5000 });
    for (const name of OURS) this.#read(name, urls[name], cursor, signal);
    this.#readHastily(urls[HASTY], signal);
  }

  /** @param {string} name @param {string} url @param {string} cursor @param {AbortSignal} signal */
  #read(name, url, cursor, signal) {
    const reading = this.of(name);
    reading.reader.cursor = cursor;
    reading.reader.read(url, name, {
      signal,
      onState: (state) => (reading.words = () => stateInWords(state)),
    });
  }

  /** @param {string} url @param {AbortSignal} signal */
  #readHastily(url, signal) {
    const reading = this.of(HASTY);
    const socket = new WebSocket(`${url}/websocket`.replace(/^http/, "ws"));
    socket.addEventListener("open", () => (reading.words = () => "open"));
    socket.addEventListener("message", ({ data }) => reading.reader.apply(JSON.parse(data)));
    socket.addEventListener("close", () => (reading.words = () => "closed for good"));
    signal.addEventListener("abort", () => socket.close());
  }

  /** Return once each has received something. @param {AbortSignal} signal */
  async arrived(signal) {
    while ([...this.#readings.values()].some(({ reader }) => !reader.received.length))
      await sleep(50, signal);
  }

  /** Their connections are cut now: from here on they have to come back. */
  cut() {
    for (const reading of this.#readings.values()) {
      Object.assign(reading, { cutAt: performance.now(), back: null });
    }
  }

  /** @param {string} name */
  #arrived(name) {
    const reading = this.of(name);
    if (reading.cutAt !== null && reading.back === null) reading.back = performance.now() - reading.cutAt;
  }

  /** How many messages there are: those acknowledged, or, when an ack was lost on its way, those received. */
  get all() {
    return Math.max(this.sent, ...[...this.#readings.values()].map(({ reader }) => seen(reader)));
  }

  /** How many messages a reader misses. @param {string} name */
  missing(name) {
    return this.all - seen(this.of(name).reader);
  }

  /** The most messages that one of ours misses without a gap. */
  get lost() {
    return Math.max(...OURS.map((name) => (this.of(name).reader.meter.gaps ? 0 : this.missing(name))));
  }

  /** The most messages that one of ours misses and knows of, because a gap was reported. */
  get reported() {
    return Math.max(...OURS.map((name) => (this.of(name).reader.meter.gaps ? this.missing(name) : 0)));
  }

  /** How long after a cut the slowest of ours was back, in ms. */
  get slowest() {
    return Math.max(...this.#ours.map(({ back }) => back ?? 0));
  }
}

/** Count what a reader has received. After a restart ids may begin anew. @param {RoomReader} reader */
function seen(reader) {
  return new Set(reader.received.map(({ id, sentAt }) => `${id} ${sentAt}`)).size;
}
