// Short polling, from the browser: what is there? – and again, and again.
//
// A message waits for the next poll, half an interval on average; and each poll costs its headers, also when
// there is nothing new. The jitter keeps pages that were opened together from polling together for ever.

import { afterCursor, requestBatch } from "./client/request.js";
import { pause, Retry } from "./client/retry.js";

const INTERVAL_MS = 1000;
const JITTER = 0.1; // of the interval, either way
const TIMEOUT_MS = 10_000;

/**
 * Read a room, until the signal aborts.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Reading & {interval?: number}} reading  `interval` in ms
 */
export async function connect(url, reading) {
  const { onBatch, onState, signal, network = globalThis, interval = INTERVAL_MS } = reading;
  let { cursor } = reading;
  const retry = new Retry(onState, signal);
  while (retry.active) {
    try {
      onState({ name: "requesting" });
      const address = afterCursor(`${url}/short-polling`, cursor);
      const batch = await requestBatch(address, { network, signal, timeout: TIMEOUT_MS });
      if (signal.aborted) return;
      retry.succeeded();
      cursor = batch.cursor;
      onBatch(batch);
      if (!batch.more) await rest(interval, onState, signal);
    } catch (error) {
      await retry.after(error);
    }
  }
}

/**
 * Wait for the next poll.
 * @param {number} interval
 * @param {(state: import("./client/contract.js").State) => void} onState
 * @param {AbortSignal} signal
 */
async function rest(interval, onState, signal) {
  const wait = interval * (1 + JITTER * (2 * Math.random() - 1));
  onState({ name: "resting", until: performance.now() + wait });
  await pause(wait, signal);
}
