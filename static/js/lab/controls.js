// Controls of the experiments: a slider that stops at round numbers, a choice, a button.

import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";

const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
const EVEN_STEPS = 20;

/**
 * Make a slider that stops at round numbers only, in equal factors: from 0.2 to 60 its middle is 4.
 * @param {string} label
 * @param {{least: number, most: number, value: number, unit: string, log?: boolean}} how  `value` is one of
 *   the stops; `log` false: in equal steps
 * @returns {{node: HTMLElement, value: () => number, input: HTMLInputElement}}
 */
export function slider(label, { least, most, value, unit, log = true }) {
  const stops = log
    ? roundNumbers(least, most)
    : Array.from({ length: EVEN_STEPS + 1 }, (_, i) => least + (i * (most - least)) / EVEN_STEPS);
  const input = element("input", {
    type: "range",
    min: "0",
    max: String(stops.length - 1),
    value: String(stops.indexOf(value)),
  });
  const shown = element("output");
  const read = () => stops[input.valueAsNumber];
  const show = () => {
    shown.textContent = `${digits(read())} ${unit}`;
    input.ariaValueText = shown.textContent;
  };
  input.addEventListener("input", show);
  show();
  return { node: element("label.slider", {}, element("span", {}, label), input, shown), value: read, input };
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
 * @returns {{node: HTMLElement, value: () => string, input: HTMLSelectElement}}
 */
export function choice(label, options) {
  const input = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
  return { node: element("label.choice", {}, `${label} `, input), value: () => input.value, input };
}

/** Make a quiet button. @param {string} text @param {() => void} act */
export function button(text, act) {
  const made = element("button.quiet", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
}
