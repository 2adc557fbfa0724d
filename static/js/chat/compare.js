// <chat-compare>: one room in as many panes as there are transports, and one box that sends.
//
//   <chat-compare room="lobby" author="ann"></chat-compare>
//
// All panes begin at the same cursor, so that none is billed for history. A message waits under the box until the last pane has heard it; a
// pane shows what its own transport has brought, and nothing else. The box posts over HTTP on nobody's wire.

import { ask, following } from "../client/request.js";
import { makeComposer } from "./composer.js";
import { element } from "../site/element.js";
import { Messages } from "./messages.js";
import { Outbox } from "../client/outbox.js";
import "./pane.js";
import { Retry } from "../client/retry.js";
import { Score } from "./score.js";
import { TRANSPORTS } from "../transports.js";

const DRAW_MS = 200;
const PATIENCE_MS = 10_000;

/** Panes side by side. */
export class ChatCompare extends HTMLElement {
  /** @type {import("./pane.js").ChatPane[]} */
  panes = [];
  #hearers = new Map();
  #timer = 0;
  #ending = new AbortController();

  async connectedCallback() {
    this.composer = makeComposer((text) => this.say(text), `Message to ${this.room}`);
    this.outbox = new Outbox({ url: () => this.url, wire: globalThis, onChange: (item) => this.#fate(item) });
    this.outgoing = new Messages("Sent, and not heard by all yet", () => this.getAttribute("author"));
    this.addEventListener("chat-messages", ({ target, detail }) => this.#heard(target, detail));
    const state = element("p.small", { role: "status" });
    this.replaceChildren(element("div.sending", {}, this.composer.form, element("div.outgoing", {}, ...this.outgoing.nodes)), state);
    const cursor = await this.#now(state);
    if (cursor === null) return;
    this.panes = TRANSPORTS.map((transport) => this.#pane(transport, cursor));
    state.replaceWith(element("div.panes", {}, ...this.panes));
    this.score = new Score(this.panes);
    this.append(element("div.scroll", { tabIndex: 0 }, this.score.table));
    this.#timer = setInterval(() => this.score.draw(), DRAW_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#ending.abort();
    this.outbox.stop();
    this.replaceChildren();
  }

  get room() {
    return this.getAttribute("room");
  }

  set room(name) {
    this.setAttribute("room", name);
  }

  get url() {
    return `/rooms/${encodeURIComponent(this.room)}`;
  }

  /** Send a message. @param {string} text */
  say(text) {
    this.outbox.send(this.getAttribute("author"), text);
  }

  /** Ask for the room's cursor as it is now; null when that is refused, or we leave. */
  async #now(state) {
    const { signal } = this.#ending;
    const retry = new Retry(({ why }) => (state.textContent = why), signal);
    while (retry.goesOn) {
      try {
        const how = { wire: globalThis, signal, patience: PATIENCE_MS };
        return (await ask(following(`${this.url}/short-polling`, "now"), how)).cursor;
      } catch (error) {
        await retry.after(error);
      }
    }
    return null;
  }

  #pane({ name }, cursor) {
    const author = this.getAttribute("author");
    return element("chat-pane", { room: this.room, author, cursor, transport: name, fixed: "", silent: "", brief: "" });
  }

  #heard(pane, { added, restarted }) {
    if (restarted) this.score.startOver();
    else this.score.heard(added, pane.dataset.transport);
    for (const { key } of added) {
      const hearers = this.#hearers.get(key)?.add(pane);
      if (hearers?.size === this.panes.length) this.#forget(key);
    }
  }

  #forget(key) {
    this.#hearers.delete(key);
    this.outbox.dismiss(key);
    this.outgoing.settle(key);
  }

  #fate(item) {
    const { key } = item;
    if (!this.outbox.items.has(key)) return;
    if (!this.#hearers.has(key)) this.#hearers.set(key, new Set());
    this.outgoing.pending(item, { again: () => this.outbox.again(item), takeBack: () => this.#takeBack(item) });
  }

  #takeBack({ key, text }) {
    this.#forget(key);
    this.composer.write(text);
    this.composer.focus();
  }
}

customElements.define("chat-compare", ChatCompare);
