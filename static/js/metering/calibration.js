// Calibration: two things that no script can see in its own browser, asked of the server a few times, once a
// page.
//
// How many bytes of headers this browser sends with a request, and how far its clock is from the server's.
// Each answer bounds the difference of the clocks: the server had our request after we sent it, and before we
// had the answer.

/**
 * @typedef {object} Calibration
 * @property {number} headBytes  of a GET without the words GET and its path
 * @property {number} clockMs  add to this page's clock to have the server's
 * @property {number} errorMs  by so much `clockMs` may be wrong, either way
 */

const PROBE = "/echo";
const PROBES = 5;
const TYPICAL = { headBytes: 500, clockMs: 0, errorMs: Infinity };

const STEP_MS = 100; // a clock that was set, or a computer that slept: what was found holds no more
const AGAIN_MS = 10_000; // after a server that didn't say

/** @type {Promise<Calibration> | undefined} */
let found;
let apart = 0;

/**
 * Ask the server what it saw of our requests. All who ask share one answer, as long as our own two clocks agree.
 * @returns {Promise<Calibration>}  typical values when the server doesn't say
 */
export function calibrate() {
  const now = Date.now() - wallClock();
  if (!found || Math.abs(now - apart) > STEP_MS) {
    apart = now;
    found = probeOften().catch(() => {
      setTimeout(() => (found = undefined), AGAIN_MS);
      return TYPICAL;
    });
  }
  return found;
}

/** The server's clock, as well as this page knows it. */
export class ServerClock {
  /** @type {Calibration} */
  #known = TYPICAL;
  /** @type {Promise<Calibration> | undefined} */
  #asked;

  constructor() {
    this.read();
  }

  /** Return its time in ms since 1970, and by how much that may be wrong: by `Infinity` until we know. */
  read() {
    const asked = calibrate();
    if (asked !== this.#asked) {
      this.#asked = asked;
      this.#known = TYPICAL;
      asked.then((known) => asked === this.#asked && (this.#known = known));
    }
    const { clockMs, errorMs } = this.#known;
    return { now: wallClock() + clockMs, errorMs };
  }
}

async function probeOften() {
  let least = -Infinity;
  let most = Infinity;
  let headBytes = 0;
  for (let probes = 0; probes < PROBES; probes++) {
    const began = wallClock();
    const response = await fetch(PROBE, { cache: "no-store" });
    const ended = wallClock();
    const { head_bytes, received_at } = await response.json();
    headBytes = head_bytes - `GET${PROBE}`.length;
    least = Math.max(least, received_at * 1000 - ended);
    most = Math.min(most, received_at * 1000 - began);
  }
  const same = least <= 0 && most >= 0; // nothing speaks against the clocks being one
  return { headBytes, clockMs: same ? 0 : (least + most) / 2, errorMs: (most - least) / 2 };
}

/**
 * Give this page's time, in ms since 1970, finer than `Date.now()`.
 * @returns {number}
 */
export function wallClock() {
  return performance.timeOrigin + performance.now();
}
