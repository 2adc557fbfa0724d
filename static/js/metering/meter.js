// Meters: was each message seen exactly once, and how late?
//
// They stand apart from the log on purpose: they see what a pane really shows, so they also find the faults
// of a log, a transport or a server that breaks the rule.

import { percentile } from "../site/statistics.js";

const DELAYS_MOST = 1000;

/**
 * Counts what was received, lost, doubled or out of order, from the ids in the order in which they are shown.
 */
export class ExactlyOnce {
  received = 0;
  lost = 0;
  doubled = 0;
  outOfOrder = 0;
  /** Repeats that the log dropped: no fault, a sign of overlapping connections. */
  dropped = 0;
  /** Gaps that the server reported: messages that are no longer stored. */
  gaps = 0;
  /** @type {Set<number>} */
  #seen = new Set();
  /** @type {number | null} */
  #highest = null;

  /** @param {number} id */
  saw(id) {
    if (this.#seen.has(id)) {
      this.doubled += 1;
      return;
    }
    this.#seen.add(id);
    this.received += 1;
    if (this.#highest !== null && id < this.#highest) {
      this.outOfOrder += 1;
      this.lost = Math.max(0, this.lost - 1); // it was missed until now
      return;
    }
    if (this.#highest !== null) this.lost += id - this.#highest - 1;
    this.#highest = id;
  }

  /** A gap was reported: what comes next starts over. */
  startOver() {
    this.gaps += 1;
    this.#seen.clear();
    this.#highest = null;
  }

  /** Whether all that was shown, was shown once and in order. */
  get exact() {
    return this.lost + this.doubled + this.outOfOrder === 0;
  }
}

/** Delivery delays, in ms: from the server's `sent_at` until the pane had the message. */
export class Delays {
  /** @type {number[]} */
  #delays = [];

  /** @param {number} ms */
  add(ms) {
    this.#delays.push(ms);
    if (this.#delays.length > DELAYS_MOST) this.#delays.shift();
  }

  /** How many there are; only of the last thousand. */
  get count() {
    return this.#delays.length;
  }

  /** @returns {number | undefined} */
  get last() {
    return this.#delays.at(-1);
  }

  /**
   * Return the delay that the share `p` of all does not exceed (nearest rank).
   * @param {number} p  0 to 1
   * @returns {number | undefined}
   */
  percentile(p) {
    return percentile(this.#delays, p);
  }
}
