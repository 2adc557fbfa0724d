// Chatter: somebody who talks when nobody else does.
//
// The gaps between two messages are random (exponential, as those of people who don't know of each other): a
// fixed gap would lock in step with a poll's interval, and flatter or slander it for ever.

import { element } from "../site/element.js";
import { pause } from "../client/retry.js";

/** @type {[string, number][]} */
const RATES = [
  ["never", 0],
  ["now and then", 0.2],
  ["once a second", 1],
  ["five times a second", 5],
];
const LINES = [
  "Is anybody there?",
  "Hold the line, please.",
  "One moment.",
  "Still here.",
  "Go ahead.",
  "Who is next?",
  "Say that again?",
];

/**
 * Make the choice of how often somebody talks.
 * @param {(text: string) => void} send
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function makeChatter(send, signal) {
  let talking = new AbortController();
  const options = RATES.map(([label, rate]) => element("option", { value: String(rate) }, label));
  const select = element("select", {}, ...options);
  select.addEventListener("change", () => {
    talking.abort();
    talking = new AbortController();
    const rate = Number(select.value);
    if (rate) talk(rate, send, AbortSignal.any([talking.signal, signal]));
  });
  return element("label.chatter", {}, "A guest talks ", select);
}

async function talk(rate, send, signal) {
  for (let line = 0; !signal.aborted; line++) {
    await pause((-Math.log(1 - Math.random()) / rate) * 1000, signal);
    if (!signal.aborted) send(LINES[line % LINES.length]);
  }
}
