// Failing, and trying again: what every transport does alike when the network fails it.
//
// Full jitter (random × a bound that doubles) keeps a thousand clients that lost the same server from coming
// back in step. `Retry-After` is a lower bound. What the server refuses for good is not asked again.

const FIRST_BOUND_MS = 500;
const LAST_BOUND_MS = 30_000;

/** The server couldn't be reached, or was not ready: try again, after `retryAfter` ms at the soonest. */
export class Unreachable extends Error {
  /**
   * @param {string} why
   * @param {{retryAfter?: number, status?: number}} [answer]  what the server answered, if it did
   */
  constructor(why, { retryAfter = 0, status } = {}) {
    super(why);
    this.retryAfter = retryAfter;
    this.status = status;
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
 * Return how long to wait after the failure number `failures` (0 is the first).
 * @param {number} failures
 * @returns {number} ms
 */
export function backOff(failures) {
  return Math.random() * Math.min(LAST_BOUND_MS, FIRST_BOUND_MS * 2 ** failures);
}

/**
 * Wait; end early when the signal aborts.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
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
  get active() {
    return !this.signal.aborted && !this.#refused;
  }

  /** Forget the failures: the connection works. */
  succeeded() {
    this.#failures = 0;
  }

  /**
   * Wait as long as this failure asks for. Our own bugs are thrown on.
   * @param {unknown} error
   */
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
