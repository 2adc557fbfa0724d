// A field for an order: press the things one after the other, the best first. It begins empty, so that no order
// can be placed unread. Pressing a thing again takes it out.

import { element } from "./element.js";

/** The field. Its node dispatches `change`; `value` is the order so far. */
export class RankingField {
  /** @type {string[]} */
  value = [];
  #names;
  #buttons;

  /** @param {string[]} names @param {string} labelledBy  the question's id */
  constructor(names, labelledBy) {
    this.#names = names;
    this.#buttons = names.map((name) => this.#button(name));
    this.node = element("div.bet-order", { role: "group" }, ...this.#buttons);
    this.node.setAttribute("aria-labelledby", labelledBy);
    this.#show();
  }

  get complete() {
    return this.value.length === this.#names.length;
  }

  #button(name) {
    const button = element("button.quiet", { type: "button" }, element("span.place"), name);
    button.addEventListener("click", () => {
      const without = this.value.filter((one) => one !== name);
      this.value = without.length < this.value.length ? without : [...this.value, name];
      this.#show();
      this.node.dispatchEvent(new Event("change"));
    });
    return button;
  }

  #show() {
    this.#buttons.forEach((button, i) => {
      const place = this.value.indexOf(this.#names[i]);
      button.ariaPressed = String(place >= 0);
      button.firstChild.textContent = place >= 0 ? `${place + 1}. ` : "– ";
    });
  }
}
