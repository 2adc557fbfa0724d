// Silence: how a page notices that a connection has died without a word (sleep, NAT, another network).
//
// No script can see a ping frame or a comment in an event stream, so the contract's server sends an empty
// batch after 20 s without anything else. Who has received nothing for 45 s has lost the connection.

const SILENCE_MS = 45_000;

/** Calls back when nothing was received for 45 s. */
export class SilenceTimer {
  #onSilence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} onSilence */
  constructor(onSilence) {
    this.#onSilence = onSilence;
    this.restart();
  }

  /** Something was received. */
  restart() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, SILENCE_MS);
  }

  /** Count no more. */
  stop() {
    clearTimeout(this.#timer);
  }
}
