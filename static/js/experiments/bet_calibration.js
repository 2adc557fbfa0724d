// <bet-calibration>: how good the reader's bets became, from the first chapter to the last.
//
// A bet is as good as the factor between it and what was measured: 1 is exact, 2 is twice or half. Rankings have
// no factor; of them the pairs in the right order count.

import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { bets, changes } from "../site/bets.js";
import { percentile } from "../site/statistics.js";
import { Plot } from "../lab/plot.js";

/** The plot, and what it says in a sentence. */
export class BetCalibration extends HTMLElement {
  #draw = () => this.#show();

  connectedCallback() {
    this.plot = new Plot("Your bets, in the order of the book");
    this.words = element("p", { role: "status" });
    this.replaceChildren(element("p.lab-name", {}, "How good did you become?"), this.words, this.plot.node);
    changes.addEventListener("change", this.#draw);
    this.#show();
  }

  disconnectedCallback() {
    changes.removeEventListener("change", this.#draw);
    this.replaceChildren();
  }

  async #show() {
    const all = Object.values(await bets()).toSorted((a, b) => a.chapter - b.chapter);
    const factors = all.filter(({ bet, ratio = 0 }) => !Array.isArray(bet) && ratio > 0).map(factorOf);
    const points = factors.map((factor, i) => [i + 1, factor]);
    const axis = {
      label: "factor off",
      log: true,
      least: 1,
      most: 10 ** Math.ceil(Math.log10(Math.max(10, ...factors))),
    };
    this.plot.lines(points.length ? [{ label: "you", points }] : [], { label: "bet", least: 0 }, axis);
    this.words.textContent = inWords(
      factors,
      all.filter(({ bet, ratio }) => Array.isArray(bet) && ratio !== undefined),
    );
  }
}

/** @param {import("../site/bets.js").Bet} bet */
function factorOf({ ratio = 1 }) {
  return Math.max(ratio, 1 / ratio);
}

/** @param {number[]} factors @param {import("../site/bets.js").Bet[]} rankings */
function inWords(factors, rankings) {
  if (factors.length < 4)
    return `${factors.length} of your numbers are measured: from four on, there is something to compare.`;
  const half = Math.floor(factors.length / 2);
  const [early, late] = [factors.slice(0, half), factors.slice(half)].map((some) => percentile(some, 0.5));
  const pairs = rankings.reduce((sum, { ratio = 0 }) => sum + ratio, 0) / rankings.length;
  const ranked = rankings.length
    ? ` In your rankings, ${digits(100 * pairs)} % of the pairs are in the right order.`
    : "";
  return (
    `Of your first ${half} numbers, half were within a factor of ${digits(early)}; of the last ` +
    `${factors.length - half}, within ${digits(late)}.${ranked}`
  );
}

customElements.define("bet-calibration", BetCalibration);
