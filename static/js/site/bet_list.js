// <bet-list>: all bets, chapter by chapter, and what became of them.

import { element } from "./element.js";
import { digits } from "./formatting.js";
import { changes, bets, forget, verdict } from "./bets.js";

const HEADS = ["chapter", "question", "bet", "measured", "verdict"];

/** All bets as a table. */
export class BetList extends HTMLElement {
  #draw = () => this.#show();

  connectedCallback() {
    changes.addEventListener("change", this.#draw);
    this.#show();
  }

  disconnectedCallback() {
    changes.removeEventListener("change", this.#draw);
  }

  async #show() {
    const all = Object.values(await bets()).toSorted((a, b) => a.chapter - b.chapter);
    const heads = HEADS.map((text) => element("th", { scope: "col" }, text));
    const rows = all.map((bet) => this.#row(bet));
    const table = element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    );
    const none = element("p", {}, "No bets yet: each chapter asks for one before its experiment.");
    this.replaceChildren(
      all.length ? element("div.scroll", { tabIndex: 0 }, table) : none,
      this.#summary(all),
      this.#again(all),
    );
  }

  /** @param {import("./bets.js").Bet} placed */
  #row(placed) {
    const { chapter, question, unit, bet, measured } = placed;
    const words = (value) => (Array.isArray(value) ? value.join(" → ") : `${digits(value)} ${unit}`.trim());
    const open = measured === undefined;
    const texts = [
      String(chapter),
      question,
      words(bet),
      open ? "not yet" : words(measured),
      open ? "–" : verdict(placed),
    ];
    return element("tr", {}, ...texts.map((text) => element("td", {}, text)));
  }

  #summary(all) {
    const factors = all
      .filter(({ bet, ratio }) => !Array.isArray(bet) && ratio > 0)
      .map(({ ratio }) => Math.max(ratio, 1 / ratio));
    if (!factors.length) return element("p");
    const middle = factors.toSorted((a, b) => a - b)[Math.floor(factors.length / 2)];
    return element(
      "p.small",
      {},
      `Of ${factors.length} measured numbers, half of your bets were within a factor of ` +
        `${middle.toFixed(1)}.`,
    );
  }

  #again(all) {
    const button = element("button.quiet", { type: "button", disabled: !all.length }, "Forget all bets");
    button.addEventListener("click", () => confirm("Forget all bets and start over?") && forget());
    return button;
  }
}

customElements.define("bet-list", BetList);
