// Short polling, from the browser: what is there? – and again, and again.
//
// A message waits for the next poll, half an interval in the mean; and each poll costs its headers, also when nobody
// has said anything. The jitter keeps pages that were opened together from asking together for ever.

import { ask, following } from "./client/request.js";
import { pause, Retry } from "./client/retry.js";

const INTERVAL_MS = 1000;
const JITTER = 0.1; // of the interval, either way
const PATIENCE_MS = 10_000;

/**
 * Read a room, until the signal aborts.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Connecting & {interval?: number}} how  `interval` in ms
 */
export async function connect(url, how) {
  const { onBatch, onState, signal, wire = globalThis, interval = INTERVAL_MS } = how;
  let { cursor } = how;
  const retry = new Retry(onState, signal);
  while (retry.goesOn) {
    try {
      onState({ name: "asking" });
      const address = following(`${url}/short-polling`, cursor);
      const batch = await ask(address, { wire, signal, patience: PATIENCE_MS });
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

async function rest(interval, onState, signal) {
  const wait = interval * (1 + JITTER * (2 * Math.random() - 1));
  onState({ name: "resting", until: performance.now() + wait });
  await pause(wait, signal);
}
