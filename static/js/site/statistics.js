// The little statistics that experiments share, and random numbers that can be repeated.

/** Stands between two things that share a place in a ranking. */
export const EQUALS = " ≈ ";

const NEAR = 1.1;

/**
 * Return the value that the share `p` of all does not exceed (nearest rank).
 * @param {number[]} values
 * @param {number} p  0 to 1
 * @returns {number | undefined}
 */
export function percentile(values, p) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
}

/** Return the mean; of nothing, NaN. @param {number[]} values @returns {number} */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Make a source of random numbers: the same seed gives the same numbers from 0 to 1 (mulberry32).
 * @param {number} seed
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Return `count` random moments from 0 to `ms`, in order. (A fixed gap would lock in step with a poll's
 * interval.)
 * @param {number} count
 * @param {number} ms
 * @param {() => number} random
 * @returns {number[]}
 */
export function moments(count, ms, random) {
  return Array.from({ length: count }, () => random() * ms).toSorted((a, b) => a - b);
}

/**
 * Order things by a value, the one with the least first. Those within a tenth of each other share a place,
 * `"one ≈ other"`: they
 * would change places from one measurement to the next.
 * @template T
 * @param {readonly T[]} things
 * @param {(thing: T) => number} valueOf
 * @param {(thing: T) => string} nameOf
 * @returns {string[]}
 */
export function ranking(things, valueOf, nameOf) {
  const places = [];
  for (const thing of things.toSorted((a, b) => valueOf(a) - valueOf(b))) {
    const before = places.at(-1);
    if (before && valueOf(thing) <= NEAR * valueOf(before[0])) before.push(thing);
    else places.push([thing]);
  }
  return places.map((place) => place.map(nameOf).join(EQUALS));
}
