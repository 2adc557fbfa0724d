// Failing, and trying again: what every transport does alike when the wire fails it.
//
// Full jitter (random × a bound that doubles) keeps a thousand clients that lost the same server from coming back in
// step. `Retry-After` is a floor, not a wish. What the server refuses for good is not asked again.

const FIRST_BOUND_MS = 500;
const LAST_BOUND_MS = 30_000;

/** The server couldn't be reached, or was not ready: try again, after `retryAfter` ms at the soonest. */
export class Unreachable extends Error {
  /** @param {string} why @param {number} [retryAfter] */
  constructor(why, retryAfter = 0) {
    super(why);
    this.retryAfter = retryAfter;
  }
}

/** The server understood, and won't: the same again would be refused again. */
export class Refused extends Error {
  /** @param {string} why @param {number} status */
  constructor(why, status) {
    super(why);
    this.status = status;
  }
}

/**
 * Say how long to wait after the failure number `failures` (0 is the first).
 * @param {number} failures
 * @returns {number} ms
 */
export function backOff(failures) {
  return Math.random() * Math.min(LAST_BOUND_MS, FIRST_BOUND_MS * 2 ** failures);
}

/**
 * Wait; end early when the signal aborts, or when the page is looked at again (a hidden page's timers are slowed
 * down to one a minute).
 * @param {number} ms
 * @param {AbortSignal} signal
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const seen = () => document.hidden || end();
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      document.removeEventListener("visibilitychange", seen);
      resolve();
    }
    signal.addEventListener("abort", end);
    document.addEventListener("visibilitychange", seen);
    if (signal.aborted) end();
  });
}

/** Counts one connection's failures, and decides what follows from each. */
export class Retry {
  #failures = 0;
  #refused = false;

  /** @param {(state: import("./contract.js").State) => void} onState @param {AbortSignal} signal */
  constructor(onState, signal) {
    this.onState = onState;
    this.signal = signal;
  }

  /** Whether to go on: not after the signal, and not after a refusal. */
  get goesOn() {
    return !this.signal.aborted && !this.#refused;
  }

  /** Forget the failures: the wire works. */
  succeeded() {
    this.#failures = 0;
  }

  /** Wait as long as this failure asks for. Our own bugs are thrown on. */
  async after(error) {
    if (this.signal.aborted) return;
    if (error instanceof Refused) {
      this.#refused = true;
      this.onState({ name: "refused", why: error.message });
      return;
    }
    if (!(error instanceof Unreachable)) throw error;
    const wait = Math.max(error.retryAfter, backOff(this.#failures++));
    this.onState({ name: "retrying", until: performance.now() + wait, why: error.message });
    await pause(wait, this.signal);
  }
}
