// Scales: from values to pixels, and which values have a tick. Rules alone: nothing is drawn here.

/**
 * @typedef {{label: string, log?: boolean, least?: number, most?: number}} Axis
 * @typedef {(value: number) => number} Scale
 */

/**
 * Return an axis with the bounds that its values need; the bounds that it names itself stay.
 * @param {Axis} axis
 * @param {number[]} values
 */
export function bounded(axis, values) {
  const positive = axis.log ? values.filter((value) => value > 0) : values;
  const least = axis.least ?? Math.min(axis.log ? Infinity : 0, ...positive);
  const most = axis.most ?? Math.max(-Infinity, ...positive);
  if (!Number.isFinite(least) || !Number.isFinite(most)) {
    return { ...axis, least: axis.log ? 0.1 : 0, most: axis.log ? 100 : 1 };
  }
  if (!axis.log) return { ...axis, least, most: axis.most ?? (most * 1.08 || 1) };
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return { ...axis, least: 10 ** low, most: 10 ** Math.max(high, low + 1) };
}

/**
 * Return the function that places a value between two pixels.
 * @param {{least: number, most: number, log?: boolean}} axis
 * @param {number} from
 * @param {number} to
 * @returns {Scale}
 */
export function scale({ least, most, log }, from, to) {
  const bend = log
    ? (/** @type {number} */ value) => Math.log10(Math.max(value, least))
    : (/** @type {number} */ value) => value;
  const span = bend(most) - bend(least) || 1;
  return (value) => from + ((bend(value) - bend(least)) / span) * (to - from);
}

/**
 * Return the values that have a tick: the powers of ten, or about five equal steps.
 * @param {{least: number, most: number, log?: boolean}} axis
 */
export function ticks({ least, most, log }) {
  if (log) return Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, i) => least * 10 ** i);
  const rough = (most - least) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

/**
 * Return the bins of a histogram from 0 to `most`; what lies above is in the last.
 * @param {number[]} values
 * @param {number} most
 * @param {number} count  of bins
 * @returns {{from: number, to: number, count: number}[]}
 */
export function bins(values, most, count) {
  const counts = new Array(count).fill(0);
  for (const value of values) {
    counts[Math.min(count - 1, Math.floor((Math.max(0, value) / most) * count))] += 1;
  }
  return counts.map((found, i) => ({ from: (i * most) / count, to: ((i + 1) * most) / count, count: found }));
}
