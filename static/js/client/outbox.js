// An outbox: messages that are shown at once, and settle when the server has them.

import { newKey, post } from "./post.js";
import { Refused } from "./retry.js";

/**
 * @typedef {object} Sent
 * @property {string} key
 * @property {string} author
 * @property {string} text
 * @property {"sending" | "waiting" | "settled" | "refused"} status
 * @property {string} why  what is waited for, or why it was refused
 * @property {number} began  as `performance.now()` gives it
 * @property {number | null} tookMs  until the ack
 */

/** Sends messages, in order, and remembers what became of each until it is dismissed. */
export class Outbox {
  /** @type {Map<string, Sent>} */
  items = new Map();
  #ending = new AbortController();
  #how;
  #last = Promise.resolve();

  /**
   * @param {object} how
   * @param {() => string} how.url  the room's
   * @param {{fetch: typeof fetch}} how.wire
   * @param {() => ((draft: object) => Promise<object>) | undefined} [how.way]  see `post`
   * @param {(item: Sent) => void} how.onChange
   */
  constructor(how) {
    this.#how = how;
  }

  /** Send a new message. @returns {Sent} */
  send(author, text) {
    const item = { key: newKey(), author, text, status: "sending", why: "", began: 0, tookMs: null };
    this.items.set(item.key, item);
    this.again(item);
    return item;
  }

  /** Send a message that was refused once more, under the same key. @param {Sent} item */
  again(item) {
    this.#become(item, "sending", "");
    this.#last = this.#last.then(() => this.#post(item));
  }

  /** Forget a message: it is in the room, or its author took it back. @param {string} key */
  dismiss(key) {
    return this.items.delete(key);
  }

  /** Send nothing more. */
  stop() {
    this.#ending.abort();
  }

  async #post(item) {
    const { author, text, key } = item;
    const { wire, way, url } = this.#how;
    item.began = performance.now();
    try {
      await post(url(), { author, text, key }, {
        wire,
        way,
        signal: this.#ending.signal,
        onDelay: (why) => this.#become(item, "waiting", why),
      });
      item.tookMs = performance.now() - item.began;
      this.#become(item, "settled", "");
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      this.#become(item, "refused", error.message);
    }
  }

  #become(item, status, why) {
    Object.assign(item, { status, why });
    this.#how.onChange(item);
  }
}
