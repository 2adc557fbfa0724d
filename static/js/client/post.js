// Posting: a message goes up once, however often it is sent.
//
// The key is made once a message. When no answer comes, the same key goes up again, over HTTP: the server
// that has it already answers with the same id.

import { requestJson } from "./request.js";
import { Unreachable } from "./retry.js";

const TIMEOUT_MS = 5000; // then the same key goes up again, over another connection

/**
 * Return a new idempotency key. (`crypto.randomUUID` is missing on plain HTTP from another machine.)
 * @returns {string}
 */
export function newKey() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Post a message over HTTP, once.
 * @param {string} url  the room's
 * @param {import("./contract.js").Draft} draft
 * @param {{network?: Pick<import("./contract.js").Network, "fetch">, signal: AbortSignal}} how
 * @returns {Promise<import("./contract.js").Ack>}
 * @throws {import("./retry.js").Unreachable | import("./retry.js").Refused}
 */
export async function post(url, draft, { network = globalThis, signal }) {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(draft),
  };
  const answer = await requestJson(`${url}/messages`, { network, signal, timeout: TIMEOUT_MS }, request);
  // What isn't its ack came from something in between, and the message may never have arrived.
  if (answer?.type !== "ack" || answer.key !== draft.key) throw new Unreachable("the answer was not an ack");
  return answer;
}
