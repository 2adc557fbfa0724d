// Long polling, from the browser: what is next? – and the server holds the request until there is an answer.
//
// The loop has no pause: the pause is on the server. Each answer is followed by the next request at once, and
// what was sent between the two is behind the cursor, so it is not missed.

import { afterCursor, requestBatch } from "./client/request.js";
import { Retry } from "./client/retry.js";

const HOLD_MAX_MS = 55_000; // the longest hold that the contract allows
const MARGIN_MS = 10_000; // after it, nobody holds this request any more: something in between has lost it
const TIMEOUT_MS = HOLD_MAX_MS + MARGIN_MS;

/**
 * Read a room, until the signal aborts.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Reading} reading
 */
export async function connect(url, reading) {
  const { onBatch, onState, signal, network = globalThis } = reading;
  let { cursor } = reading;
  const retry = new Retry(onState, signal);
  while (retry.active) {
    try {
      onState({ name: cursor === null ? "requesting" : "held", since: performance.now() });
      const address = afterCursor(`${url}/long-polling`, cursor) + waitFor(cursor);
      const batch = await requestBatch(address, { network, signal, timeout: TIMEOUT_MS });
      if (signal.aborted) return;
      retry.succeeded();
      cursor = batch.cursor;
      onBatch(batch);
    } catch (error) {
      await retry.after(error);
    }
  }
}

/** A reader without a cursor wants one at once, also from an empty room. @param {string | null} cursor */
function waitFor(cursor) {
  return cursor === null ? "?wait=0" : "";
}
