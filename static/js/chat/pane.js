// <chat-pane>: one reader of one room, with its messages, its box, its gauges and its wire.
//
//   <chat-pane room="lobby" transport="long-polling" author="ann"></chat-pane>
//
// `base`: reach the server at another origin (through a wire of lab/chaos.js, say). `cursor`: begin there, not with the newest
// messages. `named`: with its author's name at the head. `fixed`: without the switch. `silent`: without the box that sends. `brief`: with one line in place of the gauges (a
// page that compares has its own).
// It tells `chat-messages` ({added, history, delays, transport}) and `chat-transport` ({name}).

import { makeComposer } from "./composer.js";
import { makeCutting } from "./disconnect.js";
import { element } from "../site/element.js";
import { Gauges, Tally } from "./gauges.js";
import { Messages } from "./messages.js";
import { Outbox } from "../client/outbox.js";
import { Reader } from "../metering/metered_reader.js";
import { makeLabel, makeSwitch } from "./transport_switch.js";
import { transportNamed } from "../transports.js";
import { WireLog } from "../metering/wire_log.js";
import { stateInWords } from "../site/formatting.js";

const DRAW_MS = 100;
const CALM_DRAW_MS = 1000; // for those who asked for reduced motion

/** One pane of the chat. */
export class ChatPane extends HTMLElement {
  #state = element("span.state-words");
  #news = element("p.unseen", { role: "status" });
  #timer = 0;
  #lost = false;

  connectedCallback() {
    const transport = transportNamed(this.getAttribute("transport"));
    this.reader = new Reader(this.url, {
      cursor: this.getAttribute("cursor"),
      onMessages: (added, how) => this.#show(added, how),
      onState: (state) => this.#told(state),
    });
    this.messages = new Messages(`Messages in ${this.room}, over ${transport.label}`, () => this.author);
    this.outbox = new Outbox({
      url: () => this.url,
      wire: this.reader.wire,
      way: () => this.reader.state.send,
      onChange: (item) => this.#fate(item),
    });
    this.#build(transport);
    this.use(transport);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#timer = setInterval(() => this.#draw(), calm ? CALM_DRAW_MS : DRAW_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.reader.stop();
    this.outbox.stop();
    this.replaceChildren();
  }

  get room() {
    return this.getAttribute("room") ?? "lobby";
  }

  set room(name) {
    this.setAttribute("room", name);
  }

  get author() {
    return this.getAttribute("author") ?? "guest";
  }

  set author(name) {
    this.setAttribute("author", name);
  }

  /** The room's address. */
  get url() {
    return `${this.getAttribute("base") ?? ""}/rooms/${encodeURIComponent(this.room)}`;
  }

  /** Change the transport. @param {import("../client/contract.js").Transport} transport */
  use(transport) {
    this.dataset.transport = transport.name;
    this.reader.use(transport);
    this.dispatchEvent(new CustomEvent("chat-transport", { detail: { name: transport.name }, bubbles: true }));
  }

  /** Send a message as this pane's author. @param {string} text */
  say(text) {
    this.outbox.send(this.author, text);
  }

  #build(transport) {
    const has = (name) => this.hasAttribute(name);
    const choice = has("fixed") ? makeLabel(transport) : makeSwitch(transport, (chosen) => this.use(chosen));
    this.composer = makeComposer((text) => this.say(text), `Message to ${this.room}`);
    this.gauges = has("brief") ? new Tally(this.reader) : new Gauges(this.reader);
    this.wireLog = new WireLog(this.reader.wire);
    const state = element("p.state", {}, element("span.lamp"), this.#state);
    const below = [...(has("silent") ? [] : [this.composer.form]), ...(has("brief") ? [this.gauges.node] : [])];
    const talk = element("div.talk", {}, ...this.messages.nodes, ...below);
    const wire = element("section.wire", {}, element("h3", {}, "The wire"), ...this.wireLog.nodes);
    const instruments = element("div.instruments", {}, wire, makeCutting(this.reader.wire), ...(this.gauges.nodes ?? []));
    const name = has("named") ? [element("strong.pane-name", {}, this.author)] : [];
    this.replaceChildren(element("div.pane-head", {}, ...name, choice, state), talk, instruments, this.#news);
  }

  #show(added, how) {
    this.#found();
    this.messages.add(added, how);
    added.forEach(({ key }) => key && this.outbox.dismiss(key));
    const detail = { ...how, added, transport: this.reader.transport.name };
    this.dispatchEvent(new CustomEvent("chat-messages", { detail, bubbles: true }));
  }

  #told({ name, why }) {
    this.dataset.state = name;
    if (name === "retrying" && !this.#lost) this.#news.textContent = "Connection lost";
    if (name === "refused") this.#news.textContent = `Refused: ${why}`;
    if (name === "open" || name === "resting") this.#found();
    this.#lost ||= name === "retrying";
  }

  #found() {
    if (this.#lost) this.#news.textContent = "Connected again";
    this.#lost = false;
  }

  #fate(item) {
    if (!this.outbox.items.has(item.key)) return;
    this.messages.pending(item, {
      again: () => this.outbox.again(item),
      takeBack: () => {
        this.outbox.dismiss(item.key);
        this.messages.settle(item.key);
        this.composer.write(item.text);
        this.composer.focus();
      },
    });
  }

  #draw() {
    this.#state.textContent = stateInWords(this.reader.state);
    this.wireLog.draw();
    this.gauges.draw();
  }
}

customElements.define("chat-pane", ChatPane);
