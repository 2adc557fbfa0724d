// Words for people: a connection's state, times, and sizes.

/**
 * Say what a connection does at this moment.
 * @param {import("../client/contract.js").State} state
 * @param {number} [now]  as `performance.now()` gives it
 * @returns {string}
 */
export function stateInWords({ name, since = 0, until = 0, why = "" }, now = performance.now()) {
  const left = seconds(Math.max(0, until - now));
  switch (name) {
    case "asking":
      return "asking";
    case "resting":
      return `next poll in ${left}`;
    case "held":
      return `held for ${seconds(now - since)}`;
    case "open":
      return `open for ${seconds(now - since)}`;
    case "retrying":
      return `${why}; retrying in ${left}`;
    case "refused":
      return `refused: ${why}`;
    default:
      return "connecting";
  }
}

/**
 * Say a time span: tenths of a second below ten, whole seconds and minutes above.
 * @param {number} ms
 * @returns {string}
 */
export function seconds(ms) {
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  return s < 120 ? `${Math.floor(s)} s` : `${Math.floor(s / 60)} min`;
}

/**
 * Say a delay; a dash when there is none yet.
 * @param {number | undefined} ms
 * @returns {string}
 */
export function delay(ms) {
  if (ms === undefined) return "–";
  if (Math.abs(ms) < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : seconds(ms);
}

/**
 * Say a size, in decimal units.
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Say a count, with its thousands set apart.
 * @param {number} count
 * @returns {string}
 */
export function number(count) {
  return count.toLocaleString("en").replaceAll(",", "\u202f");
}
