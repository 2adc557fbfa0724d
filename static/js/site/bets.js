// The ledger of bets, on the reader's own disk; where this page isn't served by the reader's machine, in the browser.
//
// Nothing leaves the machine either way. A bet can be changed until it is settled; then it stays, and the newest measurement counts.

import { EQUALS } from "./statistics.js";

/**
 * @typedef {object} Bet
 * @property {number} chapter
 * @property {string} question
 * @property {string} unit
 * @property {number | string[]} bet  a number, or a ranking
 * @property {number | string[]} [measured]
 * @property {number} [ratio]  of numbers: bet / measured; of rankings: the share of pairs in the right order
 * @property {number} [n]
 */

const KEPT = "hold-the-line-ledger";

/** Tells `change` when a bet was placed, settled or forgotten. */
export const ledger = new EventTarget();

/** @type {Promise<Record<string, Bet>> | undefined} */
let known;

/** Give all bets, by name. */
export function bets() {
  known ??= fetch("/ledger", { cache: "no-store" })
    .then((response) => (response.ok ? response.json() : { bets: kept() }))
    .then((said) => said.bets)
    .catch(kept);
  return known;
}

/** Place a bet, or change one that isn’t settled. @param {string} name @param {Bet} bet */
export function place(name, bet) {
  return change("bets", { name, ...bet }, (all) => (all[name]?.measured === undefined ? (all[name] = bet) : undefined));
}

/** Keep what was measured for a bet, if it was placed. @param {string} name @param {number | string[]} measured @param {number} n */
export async function settle(name, measured, n) {
  const { bet } = (await bets())[name] ?? {};
  if (bet === undefined) return undefined;
  const outcome = { measured, ratio: compare(bet, measured), n };
  return change("outcomes", { name, ...outcome }, (all) => Object.assign(all[name], outcome));
}

/** Forget all bets. */
export function forget() {
  return change("forgotten", {}, (all) => Object.keys(all).forEach((name) => delete all[name]));
}

async function change(what, fields, here) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
  const response = await fetch(`/ledger/${what}`, request).catch(() => ({ ok: false }));
  if (response.ok) known = Promise.resolve((await response.json()).bets);
  else {
    const all = kept();
    here(all);
    localStorage.setItem(KEPT, JSON.stringify(all));
    known = Promise.resolve(all);
  }
  ledger.dispatchEvent(new Event("change"));
}

function kept() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
}

/** Compare a bet with what was measured; two that share a place are right in either order. @returns {number} */
function compare(bet, measured) {
  if (!Array.isArray(bet)) return measured === 0 ? Number(bet === 0) : bet / measured;
  const place = (thing) => measured.findIndex((things) => things.split(EQUALS).includes(thing));
  const pairs = bet.flatMap((one, i) => bet.slice(i + 1).map((other) => [one, other]));
  const right = pairs.filter(([one, other]) => place(one) <= place(other));
  return right.length / pairs.length;
}

/** Say how good a settled bet was. @param {Bet} bet @returns {string} */
export function verdict({ bet, ratio }) {
  if (Array.isArray(bet)) return ratio === 1 ? "in the right order" : `${Math.round(ratio * 100)} % of the pairs in the right order`;
  if (ratio === 1) return "exactly right";
  if (ratio > 0.95 && ratio < 1.05) return "right to 5 %";
  if (ratio > 0.8 && ratio < 1.25) return "close";
  if (!(ratio > 0)) return bet === 0 ? "too low: it was something" : "too high: it was nothing";
  const factor = ratio > 1 ? ratio : 1 / ratio;
  return `too ${ratio > 1 ? "high" : "low"} by a factor of ${factor.toFixed(factor < 10 ? 1 : 0)}`;
}
