// Posting: a message goes up once, however often it is sent.
//
// The key is made once a message. When no answer comes, the same key goes up again, perhaps over another way: the server
// that has it already answers with the same id.

import { ask } from "./request.js";
import { backOff, pause, Refused, Unreachable } from "./retry.js";

const PATIENCE_MS = 10_000;

/**
 * Make an idempotency key. (`crypto.randomUUID` is missing on plain HTTP from another machine.)
 * @returns {string}
 */
export function newKey() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Post a message, and try again until the server has answered.
 * @param {string} url  the room's
 * @param {{author: string, text: string, key: string}} draft
 * @param {object} how
 * @param {{fetch: typeof fetch}} [how.wire]
 * @param {() => ((draft: object) => Promise<object>) | undefined} [how.way]  gives a connection's own way up, if there is one now
 * @param {(why: string) => void} [how.onDelay]  it hasn't gone through yet, and will be tried again
 * @param {AbortSignal} how.signal
 * @returns {Promise<{id: number, duplicate: boolean}>} the ack
 * @throws {Refused} the server has it not, and says why
 */
export async function post(url, draft, { wire = globalThis, way, onDelay, signal }) {
  for (let failures = 0; ; failures++) {
    try {
      return await (overSocket(way?.(), draft) ?? overHttp(url, draft, wire, signal));
    } catch (error) {
      if (error.status === 429) throw new Refused(error.message, 429); // a person should slow down, not a program insist
      if (!(error instanceof Unreachable) || signal.aborted) throw error;
      onDelay?.(error.message);
      await pause(Math.max(error.retryAfter, backOff(failures)), signal);
    }
  }
}

function overHttp(url, draft, wire, signal) {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(draft),
  };
  return ask(`${url}/messages`, { wire, signal, patience: PATIENCE_MS }, request);
}

function overSocket(send, draft) {
  if (!send) return undefined;
  const silence = new Promise((_, reject) => setTimeout(() => reject(new Unreachable("no answer")), PATIENCE_MS));
  return Promise.race([send(draft), silence]);
}
