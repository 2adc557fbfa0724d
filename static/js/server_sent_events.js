// Server-sent events, from the browser: send me what comes, for as long as I'm here.
//
// The browser's EventSource reads the stream, and would also come back by itself: every three seconds, all
// pages in step, and after some answers never again. So we close it at its first error, and come back as
// every transport does.

import { afterCursor, asBatch, requestBatch } from "./client/request.js";
import { Retry, Unreachable } from "./client/retry.js";
import { SilenceTimer } from "./client/silence.js";

const TIMEOUT_MS = 10_000;

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
    onState({ name: "connecting" });
    const source = new network.EventSource(afterCursor(`${url}/server-sent-events`, cursor));
    source.addEventListener("open", () => onState({ name: "open", since: performance.now() }));
    const rejected = await untilEnded(source, signal, (batch) => {
      retry.succeeded();
      cursor = batch.cursor;
      onBatch(batch);
    });
    await retry.after(
      rejected ? await why(url, cursor, { network, signal }) : new Unreachable("the stream ended"),
    );
  }
}

/**
 * Wait for the stream's end, and return whether the server rejected the request.
 * @param {import("./client/contract.js").EventStream} source
 * @param {AbortSignal} signal
 * @param {(batch: import("./client/contract.js").Batch) => void} onBatch
 * @returns {Promise<boolean>}
 */
function untilEnded(source, signal, onBatch) {
  return new Promise((resolve) => {
    const silence = new SilenceTimer(() => end());
    const end = () => {
      // CLOSED: the answer was no event stream; else the connection broke.
      const rejected = source.readyState === 2;
      signal.removeEventListener("abort", end);
      silence.stop();
      source.close();
      resolve(rejected);
    };
    signal.addEventListener("abort", end);
    source.addEventListener("error", end);
    source.addEventListener("batch", (event) => {
      silence.restart();
      if (signal.aborted) return;
      try {
        onBatch(asBatch(JSON.parse(/** @type {MessageEvent} */ (event).data)));
      } catch (error) {
        if (!(error instanceof SyntaxError || error instanceof Unreachable)) throw error;
        end();
      }
    });
    if (signal.aborted) end();
  });
}

/**
 * Learn what an EventSource does not show: the same request over short polling is refused for the same
 * reason.
 * @param {string} url
 * @param {string | null} cursor
 * @param {{network: import("./client/contract.js").Network, signal: AbortSignal}} how
 */
async function why(url, cursor, how) {
  try {
    await requestBatch(afterCursor(`${url}/short-polling`, cursor), { ...how, timeout: TIMEOUT_MS });
    return new Unreachable("the stream was rejected");
  } catch (error) {
    return error;
  }
}
