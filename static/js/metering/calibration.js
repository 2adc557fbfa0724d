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

/** @type {Promise<Calibration> | undefined} */
let once;

/**
 * Ask the server what it saw of our requests. All who ask share one answer.
 * @returns {Promise<Calibration>}  typical values when the server doesn't say
 */
export function calibrate() {
  once ??= probeOften().catch(() => TYPICAL);
  return once;
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
