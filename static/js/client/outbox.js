// An outbox: messages that are shown at once, and settle when the server has them.
//
// They go up in the order in which they were written. One that the server refuses steps aside at once; one
// that can't get through is tried again later, and doesn't block those behind it as long as these do get
// through.

import { newKey, post } from "./post.js";
import { backOff, Refused, Unreachable } from "./retry.js";
import { pauseWhileAway } from "./wake.js";

// Messages in a row that get no answer at all: then the network is down, and not one message bad.
const LOST_MOST = 2;

/**
 * @typedef {object} Sent
 * @property {string} key
 * @property {string} author
 * @property {string} text
 * @property {"sending" | "waiting" | "settled" | "refused"} status
 * @property {string} why  what is waited for, or why it was refused
 * @property {boolean} overHttp  it failed over a socket, and goes over HTTP next
 */

/**
 * @typedef {object} Attached  who shows the messages, and how they reach the server
 * @property {(item: Sent) => void} onChange
 * @property {Pick<import("./contract.js").Network, "fetch">} [network]
 * @property {() => import("./contract.js").Send | undefined} [socket]  a connection's own way to the server,
 *   if it has one now
 */

/** @type {Attached} */
const DETACHED = { onChange: () => {} };

/** Sends messages to one room, and remembers each until it is dismissed. */
export class Outbox {
  /** @type {Map<string, Sent>} */
  items = new Map();
  /** @type {Attached} */
  #attached = DETACHED;
  /** Called when what is unsent has changed. */
  save = () => {};
  #ending = new AbortController();
  #url;
  #sending = false;

  /** @param {string} url  the room's @param {Iterable<Sent>} [unsent]  messages that an earlier page left */
  constructor(url, unsent = []) {
    this.#url = url;
    for (const item of unsent) this.items.set(item.key, item);
    this.#start();
  }

  /** Show each message from now on, those first that are unsent already. @param {Attached} attached */
  attach(attached) {
    this.#attached = attached;
    for (const { key, status } of this.items.values()) if (status === "settled") this.items.delete(key);
    this.items.forEach((item) => attached.onChange(item));
  }

  /** Show them no more; they are sent all the same. */
  detach() {
    this.#attached = DETACHED;
  }

  /** Send a new message. @param {string} author @param {string} text @returns {Sent} */
  send(author, text) {
    /** @type {Sent} */
    const item = { key: newKey(), author, text, status: "sending", why: "", overHttp: false };
    this.items.set(item.key, item);
    this.#become(item, "sending", "");
    this.#start();
    return item;
  }

  /**
   * Send a message that was refused once more, under the same key.
   * @param {Sent} item
   * @param {string} author  as whom: the name may be what was refused
   */
  again(item, author) {
    Object.assign(item, { author });
    this.#become(item, "sending", "");
    this.#start();
  }

  /** Forget a message: it is in the room, or its author took it back. @param {string} key */
  dismiss(key) {
    this.items.delete(key);
    this.save();
  }

  /** Send nothing more. */
  stop() {
    this.#ending.abort();
  }

  get #unsent() {
    return [...this.items.values()].filter(({ status }) => status === "sending" || status === "waiting");
  }

  async #start() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      await this.#sendUntilEmpty(this.#ending.signal);
    } finally {
      this.#sending = false;
    }
  }

  /** @param {AbortSignal} signal */
  async #sendUntilEmpty(signal) {
    for (let failures = 0; this.#unsent.length && !signal.aborted; failures++) {
      const wait = await this.#sendAll();
      if (wait === null) failures = -1;
      else await pauseWhileAway(Math.max(wait, backOff(failures)), signal);
    }
  }

  /** Try each message once; return how long the server asks us to wait (ms), null when all went well. */
  async #sendAll() {
    let lost = 0;
    let wait = null;
    for (const item of this.#unsent) {
      const failure = await this.#post(item);
      if (this.#ending.signal.aborted) return 0;
      if (failure) wait = Math.max(wait ?? 0, failure.retryAfter);
      lost = failure && !failure.status ? lost + 1 : 0;
      if (lost === LOST_MOST) break;
    }
    return wait;
  }

  /** Post one message; return what is worth another try. @param {Sent} item */
  async #post(item) {
    const { key, author, text } = item;
    const { signal } = this.#ending;
    const { network, socket } = this.#attached;
    const send = item.overHttp ? undefined : socket?.();
    const over = send ?? ((draft) => post(this.#url, draft, { network, signal }));
    try {
      await over({ author, text, key });
      this.#become(item, "settled", "");
    } catch (error) {
      if (signal.aborted) return undefined;
      return this.#failed(item, error, Boolean(send));
    }
  }

  /** @param {Sent} item @param {unknown} error @param {boolean} overSocket */
  #failed(item, error, overSocket) {
    // For a person to do, not a program.
    const slowDown = error instanceof Unreachable && error.status === 429;
    if (error instanceof Refused || slowDown) {
      this.#become(item, "refused", error.message);
      return undefined;
    }
    if (!(error instanceof Unreachable)) throw error;
    item.overHttp = overSocket; // the other way next time: this one may be dead, or made so by this message
    this.#become(item, "waiting", error.message);
    return error;
  }

  /** @param {Sent} item @param {Sent["status"]} status @param {string} why */
  #become(item, status, why) {
    Object.assign(item, { status, why });
    if (!this.items.has(item.key)) return;
    this.#attached.onChange(item);
    this.save();
  }
}
