// The guest: somebody who talks when nobody else does, so that there is something to see.
//
// The gaps between two messages are random (exponential, as those of people who don't know of each other): a
// fixed gap would lock in step with a poll's interval, and the delay would be the same each time. The guest
// waits until the server has a message before the next one, and is silent while nobody looks at the page.

import { element } from "../site/element.js";
import { newKey, post } from "../client/post.js";
import { pause } from "../client/retry.js";
import { calibrate } from "../metering/calibration.js";

/** Messages a second. @type {[string, number][]} */
const RATES = [
  ["never", 0],
  ["every few seconds", 0.3],
  ["once a second", 1],
  ["five times a second", 5],
];
const FIRST_MS = 700;
const LINES = [
  "Is anybody there?",
  "Hold the line, please.",
  "One moment.",
  "Still here.",
  "Go ahead.",
  "Who is next?",
  "Say that again?",
];

/** How often the guest talks in a comparison, where silence shows nothing. */
export const IN_COMPARISON = RATES[1][1];

/**
 * Make the choice of how often the guest talks.
 * @param {(rate: number) => void} onChoose
 */
export function makeChatter(onChoose) {
  const options = RATES.map(([label, rate]) => element("option", { value: String(rate) }, label));
  const select = element("select", { name: "guest" }, ...options);
  select.addEventListener("change", () => onChoose(Number(select.value)));
  const show = (/** @type {number} */ rate) => {
    select.value = String(rate);
  };
  return { node: element("label.chatter", {}, "A guest talks ", select), show };
}

/**
 * Return the rate that an address asks for, if it is one of ours.
 * @param {string | null} asked
 * @returns {number | undefined}
 */
export function rateNamed(asked) {
  return RATES.map(([, rate]) => rate).find((rate) => asked !== null && String(rate) === asked);
}

/**
 * Talk in a room, until the signal aborts.
 * @param {number} rate  messages a second
 * @param {string} url  the room's
 * @param {AbortSignal} signal
 */
export async function talk(rate, url, signal) {
  if (!rate) return;
  await calibrate(); // or the delay of the first message would not be known
  await pause(FIRST_MS, signal);
  for (let line = 0; !signal.aborted; line++) {
    const draft = { author: "guest", text: LINES[line % LINES.length], key: newKey() };
    // One that is refused, or gets lost, is not sent again: nobody waits for it.
    if (!document.hidden) await post(url, draft, { signal }).catch(() => {});
    await pause((-Math.log(1 - Math.random()) / rate) * 1000, signal);
  }
}
