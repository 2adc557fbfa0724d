// Silence: how a page notices that a connection has died without a word (sleep, NAT, another network).
//
// No script can see a ping frame or a comment in an event stream, so the contract's server sends the first batch at
// once, and an empty one after 20 s without anything else. A client that has received nothing for 45 s has lost the
// connection; one that has received nothing at all has none.

const FIRST_MS = 10_000;
const SILENCE_MS = 45_000;

/** Calls back when nothing was received for too long. */
export class SilenceTimer {
  #onSilence;
  /** @type {ReturnType<typeof setTimeout>} */
  #timer;

  /** @param {(why: string) => void} onSilence */
  constructor(onSilence) {
    this.#onSilence = onSilence;
    this.#timer = this.#start(FIRST_MS);
  }

  /** Something was received. */
  restart() {
    clearTimeout(this.#timer);
    this.#timer = this.#start(SILENCE_MS);
  }

  /** Count no more. */
  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {number} ms */
  #start(ms) {
    return setTimeout(() => this.#onSilence(`nothing was received for ${ms / 1000} s`), ms);
  }
}
