// What every experiment has around it. Nothing runs before Run is pressed, and all of it ends with the page.
//
// An experiment gives its controls, its output, and an async `experiment(signal)` that returns a result; the
// lab has Run and Stop, waits for the bets on the page, shows how it was measured, and lets the raw data be
// downloaded.

import { calibrate } from "../metering/calibration.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { percentile } from "../site/statistics.js";
import { score } from "../site/bets.js";
import { settingsOf } from "./controls.js";
import { asCsv, asJson } from "./raw_data.js";

/**
 * @typedef {object} Result
 * @property {object[]} raw  flat records, one a measurement
 * @property {number[]} [delays]  in ms: n, p50 and p95 are theirs
 * @property {number} [n]
 * @property {number} [seed]
 * @property {string} [warmUp]
 * @property {Record<string, number | string>} [conditions]  what it ran under, besides the settings of its controls
 * @property {Record<string, number | string[]>} values  what bets are scored with: of this run alone
 * @property {Record<string, string[]>} [settles]  bets of another chapter that this scores too, by name
 * @property {string} summary  what was found, in a sentence
 */

/** The base of the experiments' elements. */
export class Lab extends HTMLElement {
  /** The experiment's name. */
  static heading = "";
  /** What to do, or to know, before a run. */
  static advice = "";
  /** @type {Result | null} */
  result = null;
  #running = new AbortController();
  #ended = false; // a run has: what it said at its end stays
  #gate = () => this.#allow();

  connectedCallback() {
    this.run = element("button.run", { type: "button" }, "Run");
    this.stop = element("button.quiet", { type: "button", disabled: true }, "Stop");
    this.status = element("p.lab-status", { role: "status" });
    this.facts = element("p.lab-facts.small");
    this.run.addEventListener("click", () => this.#run());
    this.stop.addEventListener("click", () => this.#running.abort());
    const controls = element("div.lab-controls", {}, ...this.controls(), this.run, this.stop);
    const output = element("div.lab-output", {}, ...this.output());
    const files = element("div.lab-files", {}, this.#file("JSON", asJson), this.#file("CSV", asCsv));
    const foot = element("div.lab-foot", {}, this.facts, files);
    this.replaceChildren(
      element("p.lab-name", {}, /** @type {typeof Lab} */ (this.constructor).heading),
      controls,
      this.status,
      output,
      foot,
    );
    document.addEventListener("bet-shown", this.#gate);
    this.#allow();
  }

  disconnectedCallback() {
    document.removeEventListener("bet-shown", this.#gate);
    this.#running.abort();
    this.replaceChildren();
  }

  /** @returns {HTMLElement[]} */
  controls() {
    return [];
  }

  /** @returns {HTMLElement[]} */
  output() {
    return [];
  }

  /**
   * Return a number that the page may set as an attribute, for a shorter or longer run.
   * @param {string} name
   * @param {number} usual
   */
  setting(name, usual) {
    return Number(this.getAttribute(name) ?? usual);
  }

  /** @param {AbortSignal} signal @returns {Promise<Result>} */
  async experiment(signal) {
    signal.throwIfAborted();
    throw new Error("each experiment defines this");
  }

  /** Report what goes on. @param {string} text */
  report(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** Called when it may be run: no bet on it waits any more. */
  allowed() {}

  #allow() {
    if (!this.stop.disabled) return;
    /** @type {NodeListOf<HTMLElement & {placed?: boolean}>} */
    const bets = document.querySelectorAll(`x-bet[for="${this.localName}"]`);
    const waiting = Array.from(bets).some(({ placed }) => !placed);
    this.run.disabled = waiting;
    if (!waiting) this.allowed();
    const { advice } = /** @type {typeof Lab} */ (this.constructor);
    const ready = `Not run yet. ${advice}`.trim();
    if (!this.#ended) this.report(waiting ? "Place your bet first; then you can run this." : ready);
  }

  async #run() {
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.facts.textContent = "";
    const settings = settingsOf(this.querySelectorAll(".lab-controls > *"));
    this.#busy(true);
    try {
      await calibrate();
      this.#found({ ...(await this.experiment(signal)), settings });
    } catch (error) {
      this.#conclude(
        signal.aborted ? "Stopped; nothing was measured." : `This didn’t work: ${error.message}`,
      );
      if (!signal.aborted && !(error instanceof LabError)) throw error;
    } finally {
      this.#running.abort();
      this.#busy(false);
    }
  }

  /** Report how it ended. Progress is not read out by screen readers: it changes too often. */
  #conclude(text) {
    this.#ended = true;
    this.status.ariaLive = "polite";
    this.report(text);
  }

  #busy(busy) {
    const focused = document.activeElement;
    this.toggleAttribute("running", busy);
    this.dispatchEvent(new CustomEvent("lab-running", { bubbles: true }));
    if (busy) this.status.ariaLive = "off";
    this.run.disabled = busy;
    this.stop.disabled = !busy;
    if (focused === this.run && busy) this.stop.focus();
    if (focused === this.stop && !busy) this.run.focus();
  }

  #found(result) {
    this.result = result;
    const {
      delays = [],
      n = delays.length,
      seed,
      warmUp = "none",
      values,
      settings,
      settles = {},
      summary,
    } = result;
    const spread = delays.length
      ? [`p50 ${digits(percentile(delays, 0.5))} ms`, `p95 ${digits(percentile(delays, 0.95))} ms`]
      : [];
    this.facts.textContent = [
      `n = ${n}`,
      seed === undefined ? "no seed" : `seed ${seed}`,
      `warm-up: ${warmUp}`,
      ...spread,
    ].join(" · ");
    this.#conclude(summary);
    this.querySelectorAll(".lab-files button").forEach((file) => file.removeAttribute("disabled"));
    this.dispatchEvent(new CustomEvent("lab-measured", { bubbles: true, detail: { values, settings, n } }));
    Object.entries(settles).forEach(([name, measured]) => score(name, measured, n));
  }

  #file(kind, write) {
    const button = element("button.quiet", { type: "button", disabled: true }, `Raw data, ${kind}`);
    button.addEventListener("click", () => {
      const blob = new Blob([write(this.result)], { type: kind === "CSV" ? "text/csv" : "application/json" });
      const link = element("a", {
        href: URL.createObjectURL(blob),
        download: `${this.localName}.${kind.toLowerCase()}`,
      });
      link.click();
      URL.revokeObjectURL(link.href);
    });
    return button;
  }
}

/** Something outside went wrong; the message is for the reader. */
export class LabError extends Error {}
