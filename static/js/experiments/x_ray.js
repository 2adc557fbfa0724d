// <x-ray>: the inside of the server that serves this page, while it is switched on.
//
// A mark is a held request or an open socket; it fills as it ages. A dot is a request that has passed. Yours
// have a ring. Choose a mark to release it, drop it, or freeze it. Nothing is watched before it is switched
// on, nor after the page is closed.

import { PAGE_LABEL } from "../metering/page_label.js";
import { button } from "../lab/controls.js";
import { element } from "../site/element.js";
import { Mark } from "./x_ray_mark.js";
import { digits, size } from "../site/formatting.js";

const MARKS_SHOWN = 150;
const PASSES_SHOWN = 40;
const PASS_SHOWN_MS = 4000;
const REPORTS_A_SECOND = 4;

/** The X-ray. `start()` begins, `stop()` ends. */
export class XRay extends HTMLElement {
  #socket = null;
  #marks = new Map();
  #chosen = null;
  #holdMs = 25_000;
  #dropped = new Set();
  #passes = []; // how many in each of the last reports

  connectedCallback() {
    this.toggle = button("Look inside", () => (this.#socket ? this.stop() : this.start()));
    this.numbers = element("dl.xray-numbers");
    this.field = element("div.xray-field", {
      role: "toolbar",
      ariaLabel: "What waits in the server: arrow keys move, Enter chooses",
    });
    this.more = element("p.small.xray-more");
    this.passing = element("div.xray-passing", { ariaLabel: "Requests that passed", role: "img" });
    this.status = element("p.xray-status", { role: "status" }, "Off. Press “Look inside”.");
    this.acts = element("div.xray-acts");
    this.field.addEventListener("keydown", (event) => this.#move(event));
    const chosen = element("div.xray-chosen", {}, this.status, this.acts);
    this.replaceChildren(
      element("p.lab-name", {}, "X-ray: the inside of this server"),
      this.toggle,
      this.numbers,
      this.field,
      this.more,
      this.passing,
      chosen,
    );
    this.#showNumbers({});
  }

  disconnectedCallback() {
    this.stop();
    this.replaceChildren();
  }

  /** Begin to show. */
  start() {
    this.#socket = new WebSocket(new URL("/xray", location.href).href.replace(/^http/, "ws"));
    this.#socket.addEventListener("message", ({ data }) => this.#apply(JSON.parse(data)));
    this.#socket.addEventListener("close", ({ reason }) => this.#ended(reason));
    this.toggle.textContent = "Stop looking";
    this.status.textContent = "Live. Choose a mark for details.";
  }

  /** Stop showing. */
  stop() {
    this.#socket?.close();
  }

  #ended(reason) {
    this.#socket = null;
    this.#marks.forEach(({ node }) => node.remove());
    this.#marks.clear();
    this.#choose(null);
    this.toggle.textContent = "Look inside";
    this.status.textContent = reason || "Off. Press “Look inside”.";
  }

  #apply(report) {
    if (report.session) {
      this.name = report.session;
      this.#holdMs = report.hold_seconds * 1000;
      return;
    }
    report.left.forEach((number) => this.#leave(number));
    report.came.forEach((mark) => this.#come(mark));
    for (const [number, behind] of Object.entries(report.behind))
      Object.assign(this.#marks.get(Number(number)) ?? {}, { owes: behind });
    for (const [number, cursor] of Object.entries(report.cursors))
      Object.assign(this.#marks.get(Number(number)) ?? {}, { cursor });
    report.passed.forEach((pass) => this.#pass(pass));
    this.#showNumbers(report);
    this.#draw();
  }

  #come(report) {
    const mark = new Mark(report, this.#holdMs);
    mark.node.tabIndex = this.#marks.size ? -1 : 0;
    mark.node.addEventListener("click", () => this.#choose(mark));
    this.#marks.set(mark.number, mark);
    if (this.field.children.length < MARKS_SHOWN) this.field.append(mark.node);
  }

  #leave(number) {
    const mark = this.#marks.get(number);
    this.#marks.delete(number);
    if (document.activeElement === mark?.node)
      (mark.node.nextElementSibling ?? mark.node.previousElementSibling ?? this.toggle).focus();
    mark?.node.remove();
    if (this.#chosen === mark && mark) this.#choose(null, `That one has gone: it was ${this.#fate(mark)}.`);
    const first = /** @type {HTMLElement | null} */ (this.field.firstElementChild);
    if (first && !this.field.querySelector('[tabindex="0"]')) first.tabIndex = 0;
  }

  #fate({ number, held }) {
    if (this.#dropped.delete(number)) return "dropped, so its reader has lost the connection";
    return held ? "answered" : "closed";
  }

  #pass([transport, status, took, client]) {
    const mine = client.startsWith(PAGE_LABEL) ? ", yours" : "";
    const dot = element(mine ? "i.mine" : "i", {
      title: `${transport}: ${status} after ${digits(took)} ms${mine}`,
    });
    dot.dataset.transport = transport;
    this.passing.prepend(dot);
    setTimeout(() => dot.remove(), PASS_SHOWN_MS);
    if (this.passing.children.length > PASSES_SHOWN) this.passing.lastElementChild.remove();
  }

  #draw() {
    this.#marks.forEach((mark) => mark.draw());
    if (this.#chosen) this.status.textContent = this.#chosen.words;
    const hidden = this.#marks.size - this.field.children.length;
    this.more.textContent = hidden > 0 ? `and ${hidden} more` : "";
  }

  /**
   * @param {{held?: number, websockets?: number, loop_lag_ms?: number, rss_bytes?: number, passes?:
   *   Record<string, number>}} report
   */
  #showNumbers({ held = 0, websockets = 0, loop_lag_ms: lag, rss_bytes: rss = 0, passes = {} }) {
    this.#passes = [...this.#passes, Object.values(passes).reduce((sum, count) => sum + count, 0)].slice(
      -REPORTS_A_SECOND,
    );
    const passed = this.#passes.reduce((sum, count) => sum + count, 0);
    const all = {
      held,
      sockets: websockets,
      "passing a second": passed,
      "loop lag": lag === undefined ? "–" : `${digits(lag)} ms`,
      memory: rss ? size(rss) : "–",
    };
    if (this.numbers.children.length === 0) {
      const pairs = Object.keys(all).map((name) =>
        element("div", {}, element("dt", {}, name), element("dd", { "data-xray": name })),
      );
      this.numbers.append(...pairs);
    }
    Object.values(all).forEach(
      (value, i) => (this.numbers.children[i].lastElementChild.textContent = String(value)),
    );
  }

  #choose(mark, why = "Choose a mark.") {
    this.#chosen = mark;
    this.field.querySelector(".chosen")?.classList.remove("chosen");
    mark?.node.classList.add("chosen");
    this.status.textContent = mark ? mark.words : why;
    this.acts.replaceChildren(
      ...(mark ? mark.acts.map((action) => button(action, () => this.#act(mark, action))) : []),
    );
  }

  async #act({ number }, action) {
    if (action === "drop") this.#dropped.add(number);
    const body = JSON.stringify({ session: this.name, mark: number, action });
    const response = await fetch("/xray/marks", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    if (!(await response.json()).done) this.status.textContent = "That can’t be done to this one now.";
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    const neighbours = { ArrowRight: focused.nextElementSibling, ArrowLeft: focused.previousElementSibling };
    const next = /** @type {HTMLElement | null} */ (neighbours[event.key]);
    if (!next) return;
    focused.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
  }
}

customElements.define("x-ray", XRay);
