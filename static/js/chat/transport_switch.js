// The transport switch: one choice of the table's rows, or the automatic one.

import { element, shapeOf, uniqueId } from "../site/element.js";
import { AUTOMATIC, TRANSPORTS } from "../transports.js";

/** @typedef {import("../client/contract.js").Transport} Transport */

/**
 * Make the switch.
 * @param {Transport} chosen
 * @param {(transport: Transport) => void} onChoose
 */
export function makeSwitch(chosen, onChoose) {
  const group = uniqueId("transport");
  const choices = [AUTOMATIC, ...TRANSPORTS].map((transport) => {
    const { name, label, summary } = transport;
    const checked = name === chosen.name;
    const radio = element("input", { type: "radio", name: group, value: name, checked });
    radio.addEventListener("change", () => onChoose(transport));
    return element("label", { "data-transport": name, title: summary }, radio, shapeOf(transport), label);
  });
  return element("fieldset.switch", {}, element("legend.unseen", {}, "Transport"), ...choices);
}

/**
 * Mark which transport is in use, as the automatic one may choose another at any time.
 * @param {Element} pane
 * @param {Transport} transport
 */
export function markInUse(pane, { name }) {
  for (const label of pane.querySelectorAll(".switch label")) {
    label.classList.toggle("in-use", /** @type {HTMLElement} */ (label).dataset.transport === name);
  }
}

/**
 * Make the label of a pane whose transport is fixed.
 * @param {Transport} transport
 */
export function makeLabel(transport) {
  return element("h2.pane-label", { title: transport.summary }, shapeOf(transport), transport.label);
}
