// Controls of the experiments: a slider that goes in factors, a choice, a number.

import { element } from "./element.js";
import { digits } from "./figures.js";

/**
 * Make a slider, even in factors: from 0.2 to 60 its middle is 3.5.
 * @param {string} label
 * @param {{least: number, most: number, value: number, unit: string, log?: boolean}} how
 * @returns {{node: HTMLElement, value: () => number, input: HTMLInputElement}}
 */
export function slider(label, { least, most, value, unit, log = true }) {
  const bend = log ? Math.log : (x) => x;
  const back = log ? Math.exp : (x) => x;
  const span = bend(most) - bend(least);
  const input = element("input", { type: "range", min: "0", max: "1000", value: String(((bend(value) - bend(least)) / span) * 1000) });
  const shown = element("output");
  const read = () => Number(back(bend(least) + (input.valueAsNumber / 1000) * span).toPrecision(2));
  const show = () => {
    shown.textContent = `${digits(read())} ${unit}`;
    input.ariaValueText = shown.textContent;
  };
  input.addEventListener("input", show);
  show();
  return { node: element("label.slider", {}, element("span", {}, label), input, shown), value: read, input };
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
