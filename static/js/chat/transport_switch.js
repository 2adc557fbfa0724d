// The transport switch: one choice of the table's rows.

import { element, shapeOf, uniqueId } from "../site/element.js";
import { TRANSPORTS } from "../transports.js";

/**
 * Make the switch.
 * @param {import("../client/contract.js").Transport} chosen
 * @param {(transport: import("../client/contract.js").Transport) => void} onChoose
 * @returns {HTMLElement}
 */
export function makeSwitch(chosen, onChoose) {
  const group = uniqueId("transport");
  const choices = TRANSPORTS.map((transport) => {
    const { name, label, way } = transport;
    const radio = element("input", { type: "radio", name: group, value: name, checked: name === chosen.name });
    radio.addEventListener("change", () => onChoose(transport));
    return element("label", { "data-transport": name, title: way }, radio, shapeOf(transport), label);
  });
  return element("fieldset.switch", {}, element("legend.unseen", {}, "Transport"), ...choices);
}

/**
 * Make the label of a pane whose transport is fixed.
 * @param {import("../client/contract.js").Transport} transport
 * @returns {HTMLElement}
 */
export function makeLabel(transport) {
  const { label, way } = transport;
  return element("h2.pane-label", { title: way }, shapeOf(transport), label);
}
