// One HTTP exchange of the contract: a request, and its JSON, or the reason why there is none.
//
// Both polling transports read with it, and every transport's messages can be posted with it.

import { Refused, Unreachable } from "./retry.js";

// After these, every 5xx, and silence, the next try may succeed.
const TEMPORARY = new Set([408, 425, 429]);
const LONGEST_WAIT_MS = 2 ** 31 - 1; // of a browser's timer: a longer one ends at once

/**
 * Make a request, and return what its answer says.
 * @param {string} address
 * @param {{network: Pick<import("./contract.js").Network, "fetch">, signal: AbortSignal, timeout: number}}
 *   how
 *   `timeout` in ms
 * @param {RequestInit} [request]
 * @returns {Promise<any>}
 * @throws {Unreachable | Refused}
 */
export async function requestJson(address, { network, signal, timeout }, request = {}) {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  let response, answer;
  try {
    // Without "no-store", tabs that ask for the same address wait for each other (Chromium's cache lock).
    response = await network.fetch(address, { ...request, cache: "no-store", signal: limit });
    answer = await response.json();
  } catch {
    if (response && !response.ok) throw failure(response, {});
    throw new Unreachable(reason(response, limit));
  }
  if (!response.ok) throw failure(response, answer ?? {});
  return answer;
}

/**
 * Make a request whose answer is a batch.
 * @param {string} address
 * @param {Parameters<typeof requestJson>[1]} how
 * @returns {Promise<import("./contract.js").Batch>}
 * @throws {Unreachable | Refused}
 */
export async function requestBatch(address, how) {
  return asBatch(await requestJson(address, how));
}

/**
 * Return a batch as it is; what isn't one came from something in between (a login page, a proxy), and not
 * from the server.
 * @param {any} answer
 * @returns {import("./contract.js").Batch}
 * @throws {Unreachable}
 */
export function asBatch(answer) {
  const { type, cursor, messages } = answer ?? {};
  const whole = type === "batch" && typeof cursor === "string" && Array.isArray(messages);
  if (!whole || !messages.every(isMessage)) throw new Unreachable("the answer was not a batch");
  return answer;
}

/** @param {any} value @returns {value is import("./contract.js").Message} */
function isMessage(value) {
  const { id, author, text, sent_at } = value ?? {};
  const texts = typeof author === "string" && typeof text === "string";
  return Number.isInteger(id) && texts && !Number.isNaN(new Date(sent_at * 1000).getTime());
}

/** @param {Response | undefined} response @param {AbortSignal} limit */
function reason(response, limit) {
  if (limit.aborted) return "no answer";
  return response ? "the answer was not JSON" : "the server is out of reach";
}

/** @param {Response} response @param {{detail?: unknown}} problem */
function failure({ status, headers }, { detail }) {
  const why = typeof detail === "string" ? detail : `the server answered ${status}`;
  if (status < 500 && !TEMPORARY.has(status)) return new Refused(why, status);
  return new Unreachable(why, { status, retryAfter: retryAfter(headers.get("Retry-After")) });
}

/**
 * Read `Retry-After`, which is seconds or a date; return ms.
 * @param {string | null} value
 */
function retryAfter(value) {
  if (value === null) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(Math.max(0, wait || 0), LONGEST_WAIT_MS);
}

/**
 * Return the address of what follows a cursor.
 * @param {string} address
 * @param {string | null} cursor  null: no cursor yet
 * @returns {string}
 */
export function afterCursor(address, cursor) {
  return cursor === null ? address : `${address}?cursor=${encodeURIComponent(cursor)}`;
}
