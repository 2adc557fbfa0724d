// Long polling, from the browser: what is next? – and the server holds the question until there is an answer.
//
// The loop has no pause: the pause is on the server. Each answer is followed by the next question at once, and what
// was said between the two is behind the cursor, so it is not missed.

import { ask, following } from "./client/request.js";
import { Retry } from "./client/retry.js";

const HOLD_MAX_MS = 55_000; // the longest hold that the contract allows
const MARGIN_MS = 10_000; // after it, nobody holds this request any more: something in between has lost it

/**
 * Read a room, until the signal aborts.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Connecting} how
 */
export async function connect(url, how) {
  const { onBatch, onState, signal, wire = globalThis } = how;
  let { cursor } = how;
  const address = `${url}/long-polling`;
  const retry = new Retry(onState, signal);
  while (retry.goesOn) {
    try {
      onState({ name: cursor === null ? "asking" : "held", since: performance.now() });
      const batch = await ask(following(address, cursor) + first(cursor), { wire, signal, patience: HOLD_MAX_MS + MARGIN_MS });
      if (signal.aborted) return;
      retry.succeeded();
      cursor = batch.cursor;
      onBatch(batch);
    } catch (error) {
      await retry.after(error);
    }
  }
}

/** Who has no cursor yet wants one at once, also from an empty room. */
function first(cursor) {
  return cursor === null ? "?wait=0" : "";
}
