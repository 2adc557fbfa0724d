// <x-bet>: commit to a number or an order before the experiment runs.
//
//   <x-bet name="2.delay" chapter="2" for="interval-lab" measure="mean" unit="ms" question="How late …?"></x-bet>
//   <x-bet name="0.delay" … rank="short polling, long polling, WebSocket" question="Fastest first?"></x-bet>
//
// `for` is the experiment on the same page whose Run waits for this bet; `measure` is which of its results scores
// it, and `when` ("interval=1") the settings that it must have run with. The first such run scores it for good;
// later runs, and those with other settings, are listed below it. `most` bounds a number.

import { element, uniqueId } from "./element.js";
import { digits } from "./formatting.js";
import { RankingField } from "./ranking_field.js";
import { changes, bets, otherwise, place, score, verdict } from "./bets.js";

const LATER_SHOWN = 5;

/** One bet. `placed` says whether its experiment may run. */
export class Bet extends HTMLElement {
  placed = false;
  /** @type {string[]} what later runs measured, newest last */
  #later = [];
  #running = false;
  #draw = () => this.#show();
  #measured = (event) => this.#score(event);
  #runs = ({ target }) => {
    if (target.localName !== this.getAttribute("for")) return;
    this.#running = target.hasAttribute("running");
    this.#show();
  };

  async connectedCallback() {
    this.append(element("div.bet-body"));
    changes.addEventListener("change", this.#draw);
    document.addEventListener("lab-measured", this.#measured);
    document.addEventListener("lab-running", this.#runs);
    await this.#show();
  }

  disconnectedCallback() {
    changes.removeEventListener("change", this.#draw);
    document.removeEventListener("lab-measured", this.#measured);
    document.removeEventListener("lab-running", this.#runs);
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
    const id = uniqueId("bet");
    const question = element("p.bet-question", { id }, element("strong", {}, "Your bet. "));
    question.append(this.getAttribute("question") ?? "");
    this.lastElementChild?.replaceChildren(question, ...(bet ? this.#placed(bet, id) : [this.#asking(id)]));
    document.dispatchEvent(new CustomEvent("bet-shown", { detail: this.getAttribute("for") }));
  }

  #words(value) {
    return Array.isArray(value) ? value.join(" → ") : `${digits(value)} ${this.unit}`.trim();
  }

  #placed(bet, id) {
    const scored = bet.measured !== undefined;
    const result = scored ? ` Measured: ${this.#words(bet.measured)}. Your bet is ${verdict(bet)}.` : "";
    const placed = element(
      "p.bet-placed",
      { role: "status" },
      `You bet ${this.#words(bet.bet)}.${result}`,
      ...(scored ? [] : [" ", this.#changing(bet, id)]),
    );
    if (!this.#later.length) return [placed];
    const runs = this.#later.slice(-LATER_SHOWN).map((run) => element("li", {}, run));
    return [placed, element("ul.bet-later.small", { ariaLabel: "Runs that don’t count" }, ...runs)];
  }

  #changing(bet, id) {
    const change = element("button.quiet", { type: "button", disabled: this.#running }, "Change it");
    change.addEventListener("click", () => {
      change.closest(".bet-placed").replaceWith(this.#asking(id, bet.bet));
    });
    return change;
  }

  #asking(id, before) {
    const names = this.getAttribute("rank")?.split(", ");
    const ranking = names ? new RankingField(names, id) : null;
    const input = this.#number(id, before);
    const button = element("button", { type: "submit" }, "Place the bet");
    const field = ranking?.node ?? element("label", {}, input, ` ${this.unit}`);
    ranking?.node.addEventListener("change", () => (button.disabled = this.#running || !ranking.complete));
    button.disabled = this.#running || Boolean(ranking);
    const form = element("form.bet-form", {}, field, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const bet = ranking ? ranking.value : input.valueAsNumber;
      const chapter = Number(this.getAttribute("chapter") ?? 0);
      place(this.name, { chapter, question: this.getAttribute("question"), unit: this.unit, bet });
    });
    return form;
  }

  #number(id, before = "") {
    const input = element("input", { type: "number", required: true, step: "any", min: "0" });
    input.setAttribute("aria-labelledby", id);
    input.value = String(before);
    if (this.hasAttribute("most")) input.max = this.getAttribute("most");
    return input;
  }

  /** Score the bet with the first run that counts, and list the others. */
  async #score({ target, detail: { values, settings, n } }) {
    const value = values[this.getAttribute("measure")];
    if (target.localName !== this.getAttribute("for") || !this.placed || value === undefined) return;
    const others = otherwise(this.getAttribute("when") ?? "", settings);
    if (!others.length && (await bets())[this.name].measured === undefined) return score(this.name, value, n);
    const set = settings.map(({ label, value: chosen, words }) => `${label}: ${words(chosen)}`).join(", ");
    const why = others.map(
      ({ setting, wanted }) => `the question has “${setting.label}: ${setting.words(wanted)}”`,
    );
    const doesnt = why.length ? `it doesn’t count, because ${why.join(" and ")}` : "the first run counts";
    this.#later.push(`Another run${set ? ` (${set})` : ""}: ${this.#words(value)} – ${doesnt}.`);
    await this.#show();
  }
}

customElements.define("x-bet", Bet);
