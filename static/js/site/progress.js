// How far somebody has read, as this browser remembers it.

import { recall, remember } from "./storage.js";

/** @typedef {{read: number[], last: number | null}} Progress  chapters; `last` is the one that was open last */

/** Return how far the reader is. @returns {Progress} */
export function progress() {
  return recall("progress", isProgress, { read: [], last: null });
}

/** Note that a chapter was opened. @param {number} chapter */
export function noteOpened(chapter) {
  remember("progress", { ...progress(), last: chapter });
}

/** Note that a chapter was read to its end. @param {number} chapter */
export function noteRead(chapter) {
  const { read, last } = progress();
  remember("progress", { read: [...new Set([...read, chapter])], last });
}

/**
 * Return the chapter to go on with: the last one until it is read, then the next that isn't; null when all are.
 * @param {number[]} chapters  in order
 * @param {Progress} progress
 * @returns {number | null}
 */
export function nextOf(chapters, { read, last }) {
  const unread = chapters.filter((chapter) => !read.includes(chapter));
  return unread.find((chapter) => chapter >= (last ?? 0)) ?? unread[0] ?? null;
}

/** @param {any} value @returns {value is Progress} */
function isProgress(value) {
  const { read, last } = value ?? {};
  const isNumber = (/** @type {unknown} */ one) => Number.isInteger(one);
  return Array.isArray(read) && read.every(isNumber) && (last === null || isNumber(last));
}
