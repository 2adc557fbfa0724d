// Controls of the experiments: a slider that stops at round numbers, a choice, a button.
//
// A control with a `name` is a setting: what it was set to when a run began belongs to the run's result, and a bet
// may be about one setting only.

import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";

const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
const EVEN_STEPS = 20;

/**
 * What a run was set to. `words` puts a value of this setting as the page does.
 * @typedef {{name: string, label: string, value: string, words: (value: string) => string}} Setting
 */

/** @type {WeakMap<Element, () => Setting>} */
const readers = new WeakMap();

/** Return what the settings among these elements are set to now. @param {Iterable<Element>} nodes @returns {Setting[]} */
export function settingsOf(nodes) {
  return Array.from(nodes, (node) => readers.get(node)?.()).filter((one) => one !== undefined);
}

/**
 * Make a slider that stops at round numbers only, in equal factors: from 0.2 to 60 its middle is 4.
 * @param {string} label
 * @param {{least: number, most: number, value: number, unit: string, log?: boolean, name?: string}} how  `value`
 *   is one of the stops; `log` false: in equal steps
 * @returns {{node: HTMLElement, value: () => number, input: HTMLInputElement}}
 */
export function slider(label, { least, most, value, unit, log = true, name }) {
  const stops = log
    ? roundNumbers(least, most)
    : Array.from({ length: EVEN_STEPS + 1 }, (_, i) => least + (i * (most - least)) / EVEN_STEPS);
  const input = element("input", {
    type: "range",
    min: "0",
    max: String(stops.length - 1),
    value: String(stops.indexOf(value)),
  });
  const shown = element("span.shown", { ariaHidden: "true" }); // the input says it, by its value text
  const read = () => stops[input.valueAsNumber];
  const show = () => {
    shown.textContent = `${digits(read())} ${unit}`;
    input.ariaValueText = shown.textContent;
  };
  input.addEventListener("input", show);
  show();
  const node = element("label.slider", {}, element("span", {}, label), input, shown);
  const words = (value) => `${digits(Number(value))} ${unit}`;
  if (name) readers.set(node, () => ({ name, label, value: String(read()), words }));
  return { node, value: read, input };
}

function roundNumbers(least, most) {
  const powers = Array.from({ length: 12 }, (_, i) => 10 ** (i - 4));
  const all = powers.flatMap((power) => ROUND.map((digit) => Number((digit * power).toPrecision(2))));
  return all.filter((number) => number >= least && number <= most);
}

/**
 * Make a choice.
 * @param {string} label
 * @param {[string, string][]} options  value and text
 * @param {string} [name]
 * @returns {{node: HTMLElement, value: () => string, input: HTMLSelectElement}}
 */
export function choice(label, options, name) {
  const input = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
  const node = element("label.choice", {}, `${label} `, input);
  const words = (value) => new Map(options).get(value) ?? value;
  if (name) readers.set(node, () => ({ name, label, value: input.value, words }));
  return { node, value: () => input.value, input };
}

/** Make a quiet button. @param {string} text @param {() => void} act */
export function button(text, act) {
  const made = element("button.quiet", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
}
