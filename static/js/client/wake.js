// When a page comes back: from the back/forward cache, from a hidden tab, from having been offline.
//
// What was connected before may be dead without a word, and what waited for a timer may wait for a minute
// (browsers slow the timers of hidden pages down). So at these moments connections begin anew from their
// cursor.

import { pause } from "./retry.js";

const HIDDEN_MS = 5000; // a tab that was hidden for less has missed nothing

/**
 * Call `onWake` whenever the page comes back, and `onSleep` when it is put away.
 * @param {{onWake: () => void, onSleep?: () => void}} callbacks
 * @param {AbortSignal} signal
 */
export function watchPage({ onWake, onSleep = () => {} }, signal) {
  let hiddenAt = document.hidden ? Date.now() : Infinity;
  const seen = () => {
    const wasHidden = Date.now() - hiddenAt > HIDDEN_MS;
    hiddenAt = document.hidden ? Date.now() : Infinity;
    if (!document.hidden && wasHidden) onWake();
  };
  addEventListener("online", onWake, { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && onWake(), { signal });
  addEventListener("pagehide", onSleep, { signal });
  document.addEventListener("visibilitychange", seen, { signal });
}

/**
 * Wait; end early when the signal aborts, or when the page comes back.
 * @param {number} ms
 * @param {AbortSignal} signal
 */
export async function pauseWhileAway(ms, signal) {
  const ending = new AbortController();
  watchPage({ onWake: () => ending.abort() }, ending.signal);
  await pause(ms, AbortSignal.any([signal, ending.signal]));
  ending.abort();
}
