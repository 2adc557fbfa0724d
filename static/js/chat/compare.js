// <chat-compare>: one room in as many panes as there are transports, and one box that sends.
//
//   <chat-compare room="lobby" author="ann"></chat-compare>, with `base` as a <chat-pane> has it
//
// The race of the last message comes first, then what all of them cost, then the panes. All panes begin at the
// same cursor, so that none is billed for history. A message waits under the box until the last pane has it; a
// pane shows what its own transport has delivered, and nothing else. The box posts over plain HTTP.

import { afterCursor, requestBatch } from "../client/request.js";
import { Retry } from "../client/retry.js";
import { element } from "../site/element.js";
import { TRANSPORTS } from "../transports.js";
import { makeComposer } from "./composer.js";
import { Firsts } from "./firsts.js";
import { Messages } from "./messages.js";
import "./pane.js";
import { Race } from "./race.js";
import { Score } from "./score.js";
import { draftOf, outboxOf } from "./unsent.js";

const DRAW_MS = 100;
const CUT_OFF = ["retrying", "refused"]; // the states in which nothing can be on its way
const TIMEOUT_MS = 10_000;

/**
 * @typedef {import("./pane.js").ChatPane} ChatPane
 * @typedef {import("../client/outbox.js").Sent} Sent
 */

/** Panes side by side. */
export class ChatCompare extends HTMLElement {
  /** @type {ChatPane[]} */
  panes = [];
  #firsts = new Firsts();
  /** Which panes have a message of ours, by its key. @type {Map<string, Set<ChatPane>>} */
  #receivers = new Map();
  #timer = 0;
  #ending = new AbortController();

  async connectedCallback() {
    this.composer = makeComposer((text) => this.send(text), `Message to ${this.room}`, draftOf(this.url));
    this.outgoing = new Messages("Sent, and not in all panes yet", () => this.author);
    this.addEventListener("chat-messages", (event) => {
      const { target, detail } = /** @type {CustomEvent} */ (event);
      this.#received(/** @type {ChatPane} */ (target), detail);
    });
    this.race = new Race(TRANSPORTS);
    const state = element("p.small", { role: "status" });
    const outgoing = element("div.outgoing", {}, ...this.outgoing.nodes);
    const sending = element("div.sending", {}, this.composer.form, outgoing);
    const first = element("div.first", {}, element("div", {}, this.race.node, sending));
    this.replaceChildren(first, state);
    const cursor = await this.#now(state);
    if (cursor === null) return;
    this.panes = TRANSPORTS.map(({ name }) => this.#pane(name, cursor));
    state.replaceWith(element("div.panes", {}, ...this.panes));
    this.score = new Score(this.panes, this.#firsts);
    first.append(this.score.node);
    this.#timer = setInterval(() => this.#draw(), DRAW_MS);
    this.outbox.attach({ onChange: (item) => this.#showPending(item) });
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#ending.abort();
    this.outbox.detach();
    this.replaceChildren();
  }

  get room() {
    return this.getAttribute("room") ?? "lobby";
  }

  get author() {
    return this.getAttribute("author") ?? "guest";
  }

  get base() {
    return this.getAttribute("base") ?? "";
  }

  get url() {
    return `${this.base}/rooms/${encodeURIComponent(this.room)}`;
  }

  get outbox() {
    return outboxOf(this.url);
  }

  /** Send a message. @param {string} text */
  send(text) {
    this.outbox.send(this.author, text);
  }

  /**
   * Return the room's cursor as it is now; null when that is refused, or we leave.
   * @param {HTMLElement} state
   */
  async #now(state) {
    const { signal } = this.#ending;
    const retry = new Retry(({ why = "" }) => (state.textContent = why), signal);
    while (retry.active) {
      try {
        const how = { network: globalThis, signal, timeout: TIMEOUT_MS };
        return (await requestBatch(afterCursor(`${this.url}/short-polling`, "now"), how)).cursor;
      } catch (error) {
        await retry.after(error);
      }
    }
    return null;
  }

  /** @param {string} transport @param {string} cursor */
  #pane(transport, cursor) {
    const { room, author, base } = this;
    const how = { base, fixed: "", silent: "", brief: "" };
    return /** @type {ChatPane} */ (element("chat-pane", { room, author, cursor, transport, ...how }));
  }

  /** @param {ChatPane} pane @param {import("../metering/metered_reader.js").MeasuredArrival} arrival */
  #received(pane, arrival) {
    const { added, restarted } = arrival;
    const now = performance.now();
    const name = pane.dataset.transport ?? "";
    if (restarted) [this.#firsts, this.race].forEach((one) => one?.startOver());
    else added.forEach(({ id }) => this.#firsts.note(name, id, now));
    this.race?.arrived(name, arrival, now);
    for (const { key } of added) {
      const receivers = this.#receivers.get(key ?? "")?.add(pane);
      if (key && receivers?.size === this.panes.length) this.#remove(key);
    }
  }

  #draw() {
    this.race?.draw(performance.now(), (name) => this.#isConnected(name));
    this.score?.draw();
  }

  /** @param {string} transport */
  #isConnected(transport) {
    const pane = this.panes.find(({ dataset }) => dataset.transport === transport);
    return !CUT_OFF.includes(pane?.dataset.state ?? "");
  }

  /** @param {string} key */
  #remove(key) {
    this.#receivers.delete(key);
    this.outbox.dismiss(key);
    this.outgoing?.settle(key);
  }

  /** @param {Sent} item */
  #showPending(item) {
    const { key } = item;
    if (!this.#receivers.has(key)) this.#receivers.set(key, new Set());
    this.outgoing?.pending(item, {
      again: () => this.outbox.again(item, this.author),
      takeBack: () => this.#takeBack(item),
    });
  }

  /** @param {Sent} item */
  #takeBack({ key, text }) {
    this.#remove(key);
    this.composer?.write(text);
    this.composer?.focus();
  }
}

customElements.define("chat-compare", ChatCompare);
