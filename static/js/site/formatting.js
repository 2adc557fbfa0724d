// Words for people: a connection's state, times, and sizes.

/**
 * Return in words what a connection does at this moment.
 * @param {import("../client/contract.js").State} state
 * @param {number} [now]  as `performance.now()` gives it
 * @returns {string}
 */
export function stateInWords(state, now = performance.now()) {
  const { over, failed = [], betterAt } = state;
  if (!over) return doing(state, now);
  const failures = namesOf(failed);
  const why = failures && `, because ${failures} did not work here`;
  const better =
    failures && betterAt && betterAt > now ? `; next try of ${failures} in ${seconds(betterAt - now)}` : "";
  return `${over.label}${why}: ${doing(state, now)}${better}`;
}

/** Name transports in a sentence. @param {import("../client/contract.js").Transport[]} transports */
export function namesOf(transports) {
  return transports.map(({ label }) => label).join(" and ");
}

/** @param {import("../client/contract.js").State} state @param {number} now */
function doing({ name, since = 0, until = 0, why = "" }, now) {
  const left = seconds(Math.max(0, until - now));
  switch (name) {
    case "requesting":
      return "requesting";
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
 * Return in words a time span: tenths of a second below ten, whole seconds and minutes above.
 * @param {number} ms
 * @returns {string}
 */
export function seconds(ms) {
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  return s < 120 ? `${Math.floor(s)} s` : `${Math.floor(s / 60)} min`;
}

/**
 * Return in words a delay; a dash when there is none yet.
 * @param {number | undefined} ms
 * @returns {string}
 */
export function delay(ms) {
  if (ms === undefined) return "–";
  if (Math.abs(ms) < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : seconds(ms);
}

/**
 * Return in words how late a message came; not more exactly than the clock allows.
 * @param {number} ms
 * @param {number} [errorMs]  by so much it may be wrong
 * @returns {string}
 */
export function lateness(ms, errorMs = 0) {
  const least = Math.max(1, Math.ceil(errorMs));
  if (ms < least) return `< ${least} ms`;
  return ms < 10_000 ? `+${Math.round(ms)} ms` : `+${seconds(ms)}`;
}

/**
 * Return in words a size, in decimal units.
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Return in words a count, with its thousands set apart.
 * @param {number} count
 * @returns {string}
 */
export function number(count) {
  return count.toLocaleString("en").replaceAll(",", "\u202f");
}

/**
 * Write a number with three significant digits, and no more.
 * @param {number | undefined} value
 * @returns {string}
 */
export function digits(value) {
  if (value === undefined || !Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
  return String(Number(value.toPrecision(3)));
}
