// One connection for all tabs of a room: one tab reads, and passes on to the others what it gets.
//
// The tab that holds a lock is the reader; when it closes, crashes or goes away, the browser gives the lock to the next
// one, which goes on from its own cursor. Each tab has a log of its own. A batch that doesn't follow what a tab
// has, because it came late or the reader changed, makes it ask once; so no tab depends on another one's word.

import { Log } from "./log.js";
import { afterCursor, requestBatch } from "./request.js";
import { Retry } from "./retry.js";

const TIMEOUT_MS = 10_000;

/**
 * @typedef {import("./contract.js").Batch} Batch
 * @typedef {import("./contract.js").Reading} Reading
 * @typedef {import("./contract.js").Transport} Transport
 */

/**
 * Return a transport that all tabs of this browser share: at most one of them connects, over `transport`.
 * @param {Transport} transport
 * @returns {Transport}
 */
export function shared(transport) {
  if (!navigator.locks) return transport; // a page over plain HTTP from another machine has none
  const connect = (/** @type {string} */ url, /** @type {Reading} */ reading) =>
    new Sharing(transport, url, reading).run();
  return { ...transport, label: `${transport.label}, shared by all tabs`, connect };
}

/** One tab's part in it. */
class Sharing {
  #log = new Log();
  /** @type {Batch[] | null} */
  #early = []; // what is passed on while we ask; null: we don't
  #transport;
  #url;
  #reading;
  #channel;
  #retry;

  /** @param {Transport} transport @param {string} url @param {Reading} reading */
  constructor(transport, url, reading) {
    this.#transport = transport;
    this.#url = url;
    this.#reading = reading;
    this.#log.cursor = reading.cursor;
    this.#retry = new Retry(reading.onState, reading.signal);
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.addEventListener("message", ({ data }) => this.#passedOn(data));
    reading.signal.addEventListener("abort", () => this.#channel.close());
  }

  get #name() {
    return `connection to ${new URL(this.#url, location.href).href}`;
  }

  /** Read until the signal aborts: what the reading tab passes on, and as the reading tab when it is our turn. */
  async run() {
    const { signal, onState } = this.#reading;
    await this.#ask(); // after the channel is open: what comes from now on is passed on, or in the answer
    if (!this.#retry.active) return;
    onState({ name: "open", since: performance.now() });
    await navigator.locks.request(this.#name, { signal }, () => this.#read()).catch(ifAborted(signal));
  }

  /** Be the tab that reads. The lock is ours until this ends. */
  #read() {
    const onBatch = (/** @type {Batch} */ batch, /** @type {Transport | undefined} */ over) => {
      this.#channel.postMessage(batch);
      this.#apply(batch, true, over);
    };
    return this.#transport.connect(this.#url, { ...this.#reading, cursor: this.#log.cursor, onBatch });
  }

  /** @param {Batch} batch */
  #passedOn(batch) {
    if (this.#early) this.#early.push(batch);
    else if (!this.#apply(batch, false)) this.#ask();
  }

  /** Ask what follows our cursor, once, and apply what was passed on meanwhile. */
  async #ask() {
    this.#early ??= [];
    const { network = globalThis, signal } = this.#reading;
    const how = { network, signal, timeout: TIMEOUT_MS };
    for (let more = true; more && this.#retry.active;) {
      try {
        const batch = await requestBatch(afterCursor(`${this.#url}/short-polling`, this.#log.cursor), how);
        this.#retry.succeeded();
        this.#apply(batch, true);
        more = batch.more;
      } catch (error) {
        await this.#retry.after(error);
      }
    }
    const early = this.#early;
    this.#early = null;
    early.forEach((batch) => this.#passedOn(batch));
  }

  /**
   * Apply a batch to our log, and hand on what is new; false: messages are missing before it.
   * @param {Batch} batch
   * @param {boolean} ours  it is an answer from our own cursor
   * @param {Transport} [over]
   */
  #apply(batch, ours, over) {
    if (this.#reading.signal.aborted) return true;
    const applied = this.#log.apply(batch, { holes: ours });
    if (applied) this.#reading.onBatch({ ...batch, messages: applied.added }, over);
    return applied !== null;
  }
}

/** Return what swallows the end of a wait that was aborted. @param {AbortSignal} signal */
function ifAborted(signal) {
  return (/** @type {unknown} */ error) => {
    if (!signal.aborted) throw error;
  };
}
