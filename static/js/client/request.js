// One HTTP exchange of the contract: ask, and have JSON, or know why not.
//
// Both polling transports read with it, and every transport's messages can be posted with it.

import { Refused, Unreachable } from "./retry.js";

const LATER = new Set([408, 429, 500, 502, 503, 504]); // of these, and of silence, the next try may be luckier

/**
 * Make a request, and give what its answer says.
 * @param {string} address
 * @param {{wire: {fetch: typeof fetch}, signal: AbortSignal, patience: number}} how  `patience` in ms
 * @param {RequestInit} [request]
 * @returns {Promise<object>}
 * @throws {Unreachable | Refused}
 */
export async function ask(address, { wire, signal, patience }, request = {}) {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  let response, said;
  try {
    // Without "no-store", tabs that ask for the same address wait for each other (Chromium's cache lock).
    response = await wire.fetch(address, { ...request, cache: "no-store", signal: limit });
    said = await response.json();
  } catch {
    if (response && !response.ok) throw failure(response, {});
    throw new Unreachable(limit.aborted ? "no answer" : "the server is out of reach");
  }
  if (!response.ok) throw failure(response, said);
  return said;
}

function failure(response, { detail = `the server answered ${response.status}` }) {
  if (!LATER.has(response.status)) return new Refused(detail, response.status);
  const failed = new Unreachable(detail, retryAfter(response.headers.get("Retry-After")));
  failed.status = response.status;
  return failed;
}

/** Read `Retry-After`, which is seconds or a date; give ms. */
function retryAfter(value) {
  if (value === null) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(0, wait || 0);
}

/**
 * Give the address of what follows a cursor.
 * @param {string} address
 * @param {string | null} cursor  null: no cursor yet
 * @returns {string}
 */
export function following(address, cursor) {
  return cursor === null ? address : `${address}?cursor=${encodeURIComponent(cursor)}`;
}
