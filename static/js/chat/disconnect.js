// The buttons that break a pane's connection, to show what the cursor is for.

import { element } from "../site/element.js";

const OFFLINE_MS = 5000;

/**
 * Make the buttons.
 * @param {import("../metering/metered_network.js").MeteredNetwork} network
 */
export function makeDisconnect(network) {
  const effect = element("output.small");
  const cut = () => {
    effect.textContent = network.cut() ? "cut" : "nothing to cut: no request was open";
  };
  const goOffline = () => {
    effect.textContent = "";
    network.goOffline(OFFLINE_MS);
  };
  const button = (/** @type {string} */ label, /** @type {() => void} */ onclick) =>
    element("button.quiet", { type: "button", onclick }, label);
  const away = button(`Go offline for ${OFFLINE_MS / 1000} s`, goOffline);
  return element("div.disconnect", {}, button("Cut the connection", cut), away, effect);
}
