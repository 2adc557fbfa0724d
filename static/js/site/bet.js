// <x-bet>: commit to a number or an order before the experiment runs.
//
//   <x-bet name="2.delay" chapter="2" for="interval-lab" measure="mean" unit="ms" question="How late …?"></x-bet>
//   <x-bet name="0.delay" … rank="short polling, long polling, WebSocket" question="Fastest first?"></x-bet>
//
// `for` is the experiment on the same page whose Run waits for this bet; `measure` is which of its results
// scores it, and `when` ("interval=1") the settings that it must have run with. Until it is scored a bet can
// be changed; then it stays. `most` bounds a number.

import { element, uniqueId } from "./element.js";
import { digits } from "./formatting.js";
import { changes, bets, place, score, verdict } from "./bets.js";

/** One bet. `placed` says whether its experiment may run. */
export class Bet extends HTMLElement {
  placed = false;
  #beside = false; // a run whose settings were not the question's
  #draw = () => this.#show();
  #measured = (event) => this.#score(event);

  async connectedCallback() {
    this.append(element("div.bet-body"));
    changes.addEventListener("change", this.#draw);
    document.addEventListener("lab-measured", this.#measured);
    await this.#show();
  }

  disconnectedCallback() {
    changes.removeEventListener("change", this.#draw);
    document.removeEventListener("lab-measured", this.#measured);
    this.replaceChildren();
  }

  get name() {
    return this.getAttribute("name");
  }

  get unit() {
    return this.getAttribute("unit") ?? "";
  }

  async #show() {
    const bet = (await bets())[this.name];
    this.placed = Boolean(bet);
    const question = this.getAttribute("question");
    const body = bet ? this.#placed(bet) : this.#asking();
    this.lastElementChild?.replaceChildren(
      element("p.bet-question", {}, element("strong", {}, "Your bet. "), question),
      body,
    );
    document.dispatchEvent(new CustomEvent("bet-shown", { detail: this.getAttribute("for") }));
  }

  #placed(bet) {
    const words = (value) =>
      Array.isArray(value) ? value.join(" → ") : `${digits(value)} ${this.unit}`.trim();
    const parts = [`You bet ${words(bet.bet)}.`];
    const settled = bet.measured !== undefined;
    if (settled) parts.push(`Measured: ${words(bet.measured)}. Your bet is ${verdict(bet)}.`);
    if (this.#beside) parts.push("Your last run used other settings, so it doesn’t count here.");
    return element(
      "p.bet-placed",
      { role: "status" },
      parts.join(" "),
      ...(settled ? [] : [" ", this.#changing(bet)]),
    );
  }

  #changing(bet) {
    const change = element("button.quiet", { type: "button" }, "Change it");
    change.addEventListener("click", () => change.closest(".bet-placed").replaceWith(this.#asking(bet.bet)));
    return change;
  }

  #asking(before) {
    const ranked = this.getAttribute("rank")
      ?.split(",")
      .map((word) => word.trim());
    const field = ranked ? this.#order(before ?? ranked) : this.#number(before);
    const button = element("button", { type: "submit" }, "Place the bet");
    const form = element("form.bet-form", {}, field, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const bet = ranked ? this.#ranking(field) : field.querySelector("input").valueAsNumber;
      const chapter = Number(this.getAttribute("chapter") ?? 0);
      place(this.name, { chapter, question: this.getAttribute("question"), unit: this.unit, bet });
    });
    return form;
  }

  #number(before = "") {
    const input = element("input", {
      type: "number",
      required: true,
      step: "any",
      min: "0",
      max: this.getAttribute("most") ?? "",
      value: String(before),
      ariaLabel: this.getAttribute("question") ?? "",
    });
    return element("label", {}, input, ` ${this.unit}`);
  }

  #order(words) {
    const list = element("ol.bet-order", { id: uniqueId("order") });
    for (const word of words) {
      const up = element(
        "button.quiet",
        { type: "button", title: `Move ${word} up`, ariaLabel: `Move ${word} up` },
        "↑",
      );
      const item = element("li", {}, element("span", {}, word), " ", up);
      item.dataset.word = word;
      up.addEventListener("click", () => {
        item.previousElementSibling?.before(item);
        up.focus();
      });
      list.append(item);
    }
    return list;
  }

  #ranking(list) {
    return Array.from(list.children, (item) => item.dataset.word);
  }

  #score({ target, detail: { values, settings, n } }) {
    const value = values[this.getAttribute("measure")];
    if (target.localName !== this.getAttribute("for") || !this.placed || value === undefined) return;
    const asked = (this.getAttribute("when") ?? "")
      .split(" ")
      .filter(Boolean)
      .map((one) => one.split("="));
    this.#beside = asked.some(([name, wanted]) => String(settings[name]) !== wanted);
    if (this.#beside) this.#show();
    else score(this.name, value, n);
  }
}

customElements.define("x-bet", Bet);
