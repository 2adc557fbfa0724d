// The buttons that break a pane's wire, to show what the cursor is for.

import { element } from "../site/element.js";

const OFFLINE_MS = 5000;

/**
 * Make the buttons.
 * @param {import("../metering/metered_connection.js").Wire} wire
 * @returns {HTMLElement}
 */
export function makeCutting(wire) {
  const effect = element("output.small");
  const cut = () => {
    effect.textContent = wire.cut() ? "cut" : "nothing to cut: no request was under way";
  };
  const goOffline = () => {
    effect.textContent = "";
    wire.goOffline(OFFLINE_MS);
  };
  const button = (label, onclick) => element("button.quiet", { type: "button", onclick }, label);
  const away = button(`Go offline for ${OFFLINE_MS / 1000} s`, goOffline);
  return element("div.chaos", {}, button("Cut the connection", cut), away, effect);
}
