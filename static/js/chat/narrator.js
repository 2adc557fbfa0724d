// The lines between the messages that say what the connection did: which transport delivers from now on, and
// how many messages were missed and are here now.

import { namesOf } from "../site/formatting.js";
import { makeCaughtUp, makeChange, pluralOf } from "./message_item.js";

/**
 * @typedef {import("../client/contract.js").State} State
 * @typedef {import("../client/contract.js").Transport} Transport
 * @typedef {import("../metering/metered_reader.js").MeasuredArrival} MeasuredArrival
 */

/** Writes the lines of one reader's list. */
export class Narrator {
  #messages;
  #clock;
  /** @type {Transport | null} */
  #over = null;
  /** The line about a change that is not complete yet. @type {HTMLElement | null} */
  #change = null;
  #why = "";
  #newest = 0;
  #lost = false;
  /** When we were connected again, in ms on the server's clock. @type {number | null} */
  #backAt = null;
  #missed = 0;
  /** @type {HTMLElement | null} */
  #caughtUp = null;

  /**
   * @param {import("./messages.js").Messages} messages
   * @param {import("../metering/calibration.js").ServerClock} clock
   */
  constructor(messages, clock) {
    this.#messages = messages;
    this.#clock = clock;
  }

  /**
   * Note what the connection does.
   * @param {State} state
   * @param {Transport} over  what it uses now
   * @returns {boolean} whether that is another transport than before
   */
  follow({ name, failed = [], over: chosen }, over) {
    if (name === "retrying") this.#lose();
    else if (this.#lost) this.#backAt ??= this.#clock.read().now;
    if (over === this.#over) return false;
    // Which one a page begins with needs no line, unless others had failed.
    if (this.#over || failed.length)
      this.#announce(over, chosen ? `trying ${over.label}` : `now over ${over.label}`, failed);
    this.#over = over;
    return true;
  }

  /** Note what arrives, before it is shown. @param {MeasuredArrival} arrival */
  arrived({ added, over, restarted, history }) {
    if (this.#change?.dataset.transport === over.name) this.#complete(over, added[0]?.id);
    if (history || restarted) this.#lost = false;
    if (this.#lost) this.#catchUp(added);
    this.#newest = added.at(-1)?.id ?? (restarted ? 0 : this.#newest);
  }

  /** @param {Transport} over @param {string} words @param {Transport[]} failed */
  #announce(over, words, failed) {
    const line = makeChange(over);
    if (this.#change) this.#change.replaceWith(line);
    this.#change = line;
    this.#why = failed.length ? `${namesOf(failed)} did not work here: ` : "";
    line.textContent = this.#why + words;
    this.#messages.note(line);
  }

  /** @param {Transport} over @param {number | undefined} first  its first message */
  #complete(over, first) {
    const from = first ?? (this.#newest ? this.#newest + 1 : null);
    const line = /** @type {HTMLElement} */ (this.#change);
    line.textContent = `${this.#why}now over ${over.label}${from === null ? "" : `, from message ${from}`}`;
    this.#messages.note(line);
    this.#change = null;
  }

  #lose() {
    this.#lost = true;
    this.#backAt = null;
    this.#missed = 0;
    this.#caughtUp = null;
  }

  /** @param {import("../client/contract.js").Message[]} added */
  #catchUp(added) {
    const before = this.#backAt ?? Infinity;
    const missed = added.filter(({ sent_at }) => sent_at * 1000 < before).length;
    this.#missed += missed;
    if (missed && !this.#caughtUp) this.#messages.note((this.#caughtUp = makeCaughtUp()));
    if (this.#caughtUp) this.#caughtUp.textContent = `${pluralOf(this.#missed, "message")} caught up`;
    this.#lost = missed > 0 && missed === added.length; // more may follow in a next batch
  }
}
