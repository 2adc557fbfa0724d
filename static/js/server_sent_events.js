// Server-sent events, from the browser: tell me, for as long as I'm here.
//
// The browser's EventSource reads the stream, and would also come back by itself: every three seconds, all pages in
// step, and after some answers never again. So we close it at its first error, and come back as every transport does.

import { ask, following } from "./client/request.js";
import { Retry, Unreachable } from "./client/retry.js";

const PATIENCE_MS = 10_000;

/**
 * Read a room, until the signal aborts.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Connecting} how
 */
export async function connect(url, how) {
  const { onBatch, onState, signal, wire = globalThis } = how;
  let { cursor } = how;
  const retry = new Retry(onState, signal);
  while (retry.goesOn) {
    onState({ name: "connecting" });
    const source = new wire.EventSource(following(`${url}/server-sent-events`, cursor));
    source.addEventListener("open", () => onState({ name: "open", since: performance.now() }));
    source.addEventListener("batch", ({ data }) => {
      if (signal.aborted) return;
      retry.succeeded();
      const batch = JSON.parse(data);
      cursor = batch.cursor;
      onBatch(batch);
    });
    const turnedAway = await ended(source, signal);
    await retry.after(turnedAway ? await why(url, cursor, { wire, signal }) : new Unreachable("the stream ended"));
  }
}

/** Wait for the stream's end, and say whether the server turned us away. */
function ended(source, signal) {
  return new Promise((resolve) => {
    const end = () => {
      const turnedAway = source.readyState === 2; // CLOSED: the answer was no event stream; else the wire broke
      signal.removeEventListener("abort", end);
      source.close();
      resolve(turnedAway);
    };
    signal.addEventListener("abort", end);
    source.addEventListener("error", end);
  });
}

/** Learn what an EventSource keeps to itself: the same question over short polling is refused for the same reason. */
async function why(url, cursor, how) {
  try {
    await ask(following(`${url}/short-polling`, cursor), { ...how, patience: PATIENCE_MS });
    return new Unreachable("the stream ended");
  } catch (error) {
    return error;
  }
}
