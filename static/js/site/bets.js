// The reader's bets, in a file on the reader's own disk; where this page isn't served by the reader's machine, in the
// browser.
//
// Nothing leaves the machine either way. A bet can be changed until the first run under the question's own
// conditions has scored it. Then it stays: the file and the browser's storage refuse to change a scored bet, so
// that a second tab, which doesn't know of the first one's run, can't either.

import { EQUALS } from "./statistics.js";
import { recall, remember } from "./storage.js";

/**
 * @typedef {object} Bet
 * @property {number} chapter
 * @property {string} question
 * @property {string} unit
 * @property {number | string[]} bet  a number, or a ranking
 * @property {number | string[]} [measured]
 * @property {number} [ratio]  of numbers: bet / measured; of rankings: the share of pairs in the right order
 * @property {number} [n]
 *
 * @typedef {Record<string, Bet>} Bets  by name
 */

/** Dispatches `change` when a bet was placed, scored or forgotten. */
export const changes = new EventTarget();

/** @type {Promise<Bets> | undefined} */
let known;

/** Return all bets, by name. */
export function bets() {
  known ??= request("GET", undefined, () => {});
  return known;
}

/** Place a bet, or change one that isn’t scored. @param {string} name @param {Bet} bet */
export async function place(name, bet) {
  await write(name, bet);
}

/**
 * Return which settings of a run are not those that a question names.
 * @param {string} when  as `"interval=1 delay_ms=0"`
 * @param {Array<any>} settings  see lab/controls.js
 * @returns {{setting: any, wanted: string}[]}
 */
export function otherwise(when, settings) {
  const wanted = new Map(when.split(" ").map((one) => /** @type {[string, string]} */ (one.split("="))));
  return settings
    .filter(({ name, value }) => (wanted.get(name) ?? value) !== value)
    .map((setting) => ({ setting, wanted: wanted.get(setting.name) ?? "" }));
}

/**
 * Write down what was measured for a bet, if it was placed and isn’t scored.
 * @param {string} name
 * @param {number | string[]} measured
 * @param {number} n
 */
export async function score(name, measured, n) {
  const bet = (await bets())[name];
  if (!bet || bet.measured !== undefined) return;
  await write(name, { ...bet, measured, ratio: compare(bet.bet, measured), n });
}

/** Forget all bets. */
export function forget() {
  return change("DELETE", undefined, (all) => Object.keys(all).forEach((name) => delete all[name]));
}

/** @param {string} name @param {Bet} bet */
function write(name, bet) {
  return change("POST", JSON.stringify({ name, ...bet }), (all) => {
    if (all[name]?.measured === undefined) all[name] = bet;
  });
}

/** @param {string} method @param {string | undefined} body @param {(all: Bets) => void} here */
async function change(method, body, here) {
  known = request(method, body, here);
  await known;
  changes.dispatchEvent(new Event("change"));
}

/**
 * Ask the server; where it refuses, do the same `here`, to what this browser has stored.
 * @param {string} method
 * @param {string | undefined} body
 * @param {(all: Bets) => void} here
 * @returns {Promise<Bets>}
 */
async function request(method, body, here) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const response = await fetch("/bets", { method, body, headers, cache: "no-store" }).catch(() => null);
  if (response?.ok) return (await response.json()).bets;
  const all = recall("bets", isBets, {});
  here(all);
  if (method !== "GET") remember("bets", all);
  return all;
}

/** @param {any} value @returns {value is Bets} */
function isBets(value) {
  const all = typeof value === "object" && value !== null ? Object.values(value) : [null];
  return all.every(
    (bet) => typeof bet?.question === "string" && (isNumber(bet.bet) || Array.isArray(bet.bet)),
  );
}

/** @param {unknown} value */
function isNumber(value) {
  return typeof value === "number";
}

/**
 * Compare a bet with what was measured; two that share a place are right in either order.
 * @returns {number}
 */
function compare(bet, measured) {
  if (!Array.isArray(bet)) return measured === 0 ? Number(bet === 0) : bet / measured;
  const place = (thing) => measured.findIndex((things) => things.split(EQUALS).includes(thing));
  const pairs = bet.flatMap((one, i) => bet.slice(i + 1).map((other) => [one, other]));
  const right = pairs.filter(([one, other]) => place(one) <= place(other));
  return right.length / pairs.length;
}

/** Return in words how good a scored bet was. @param {Bet} bet @returns {string} */
export function verdict({ bet, ratio }) {
  if (Array.isArray(bet))
    return ratio === 1
      ? "in the right order"
      : `${Math.round(ratio * 100)} % of the pairs in the right order`;
  if (ratio === 1) return "exactly right";
  if (ratio > 0.95 && ratio < 1.05) return "right to 5 %";
  if (ratio > 0.8 && ratio < 1.25) return "close";
  if (!(ratio > 0)) return bet === 0 ? "too low: it was not 0" : "too high: it was 0";
  const factor = ratio > 1 ? ratio : 1 / ratio;
  return `too ${ratio > 1 ? "high" : "low"} by a factor of ${factor.toFixed(factor < 10 ? 1 : 0)}`;
}
