// <chat-pane>: one reader of one room, with its messages, its box, its gauges and its traffic.
//
//   <chat-pane room="lobby" transport="long-polling" author="ann"></chat-pane>
//
// `transport`: without it, the automatic one. `base`: reach the server at another origin (over a link of the
// chaos proxy, say). `shared`: with one connection for all tabs. `cursor`: begin there, not with the newest messages. `keeps`: what is unsent outlives
// the pane. `named`: with its author's name at the head. `fixed`: without the switch. `silent`: without the
// box that sends. `brief`: with one line in place of the gauges (a page that compares has its own). It
// dispatches `chat-messages` ({added, history, delays, transport}) and `chat-transport` ({name}).

import { Outbox } from "../client/outbox.js";
import { MeteredReader } from "../metering/metered_reader.js";
import { WireLog } from "../metering/wire_log.js";
import { element } from "../site/element.js";
import { stateInWords } from "../site/formatting.js";
import { AUTOMATIC, transportNamed } from "../transports.js";
import { makeComposer } from "./composer.js";
import { makeDisconnect } from "./disconnect.js";
import { Gauges, Tally } from "./gauges.js";
import { Messages } from "./messages.js";
import { Narrator } from "./narrator.js";
import { makeLabel, makeSwitch, markInUse } from "./transport_switch.js";
import { draftOf, outboxOf } from "./unsent.js";

const DRAW_MS = 100;
const CALM_DRAW_MS = 1000; // for those who asked for reduced motion

/**
 * @typedef {import("../client/contract.js").Transport} Transport
 * @typedef {import("../client/outbox.js").Sent} Sent
 * @typedef {import("../metering/metered_reader.js").MeasuredArrival} MeasuredArrival
 */

/** One pane of the chat. */
export class ChatPane extends HTMLElement {
  #state = element("span.state-words");
  #news = element("p.unseen", { role: "status" });
  #summary = element("p.summary.small");
  #timer = 0;
  #lost = false;

  connectedCallback() {
    const transport = transportNamed(this.getAttribute("transport"));
    this.reader = new MeteredReader(this.url, {
      cursor: this.getAttribute("cursor"),
      onArrival: (arrival) => this.#show(arrival),
      onState: (state) => this.#showState(state),
    });
    this.messages = new Messages(`Messages in ${this.room}`, () => this.author);
    this.narrator = new Narrator(this.messages, this.reader.clock);
    this.outbox = this.hasAttribute("keeps") ? outboxOf(this.url) : new Outbox(this.url);
    this.#build(transport);
    this.#attach();
    this.use(transport);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#timer = setInterval(() => this.#draw(), calm ? CALM_DRAW_MS : DRAW_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.reader.stop();
    if (this.hasAttribute("keeps")) this.outbox.detach();
    else this.outbox.stop();
    this.replaceChildren();
  }

  get room() {
    return this.getAttribute("room") ?? "lobby";
  }

  get author() {
    return this.getAttribute("author") ?? "guest";
  }

  /** The room's address. */
  get url() {
    return `${this.getAttribute("base") ?? ""}/rooms/${encodeURIComponent(this.room)}`;
  }

  /** Change the transport. @param {Transport} transport */
  use(transport) {
    this.dataset.transport = transport.name;
    if (this.hasAttribute("shared"))
      import("../client/shared.js").then(({ shared }) => this.reader.use(shared(transport)));
    else this.reader.use(transport);
    this.dispatchEvent(
      new CustomEvent("chat-transport", { detail: { name: transport.name }, bubbles: true }),
    );
  }

  /** Send a message as this pane's author. @param {string} text */
  send(text) {
    this.outbox.send(this.author, text);
  }

  #attach() {
    this.outbox.attach({
      network: this.reader.network,
      socket: () => this.reader.state.send,
      onChange: (item) => this.#showPending(item),
    });
  }

  /** @param {Transport} transport */
  #build(transport) {
    const has = (/** @type {string} */ name) => this.hasAttribute(name);
    const choice = has("fixed") ? makeLabel(transport) : makeSwitch(transport, (chosen) => this.use(chosen));
    const draft = has("keeps") ? draftOf(this.url) : undefined;
    this.composer = makeComposer((text) => this.send(text), `Message to ${this.room}`, draft);
    this.gauges = has("brief") ? new Tally(this.reader) : new Gauges(this.reader);
    this.wireLog = new WireLog(this.reader.network);
    const state = element("p.state", {}, element("span.lamp"), this.#state);
    const box = has("silent") ? [] : [this.composer.form];
    const brief = has("brief");
    const talk = element("div.talk", {}, ...this.messages.nodes, ...box, ...(brief ? this.gauges.nodes : []));
    const traffic = element("section.wire", {}, element("h2", {}, "Traffic"), ...this.wireLog.nodes);
    const gauges = brief ? [] : this.gauges.nodes;
    const instruments = element(
      "div.instruments",
      {},
      traffic,
      makeDisconnect(this.reader.network),
      ...gauges,
    );
    const name = has("named") ? [element("strong.pane-name", { dir: "auto" }, this.author)] : [];
    const head = element("div.pane-head", {}, ...name, choice, state, ...(brief ? [] : [this.#summary]));
    this.replaceChildren(head, talk, instruments, this.#news);
  }

  /** @param {MeasuredArrival} arrival */
  #show(arrival) {
    this.#found();
    this.narrator.arrived(arrival);
    this.messages.add(arrival.added, arrival);
    arrival.added.forEach(({ key }) => key && this.outbox.dismiss(key));
    const detail = { ...arrival, transport: this.dataset.transport };
    this.dispatchEvent(new CustomEvent("chat-messages", { detail, bubbles: true }));
  }

  /** @param {import("../client/contract.js").State} state */
  #showState(state) {
    const { name, why } = state;
    this.dataset.state = name;
    this.#useInPicture(state);
    if (name === "retrying" && !this.#lost) this.#news.textContent = "Connection lost";
    if (name === "refused") this.#news.textContent = `Refused: ${why}`;
    if (name === "open" || name === "resting") this.#found();
    this.#lost ||= name === "retrying";
  }

  /** Show which transport is in use; the automatic one is none itself. @param {import("../client/contract.js").State} state */
  #useInPicture(state) {
    const over = state.over ?? this.reader.transport;
    if (!over || over.name === AUTOMATIC.name) return;
    const first = this.reader.network.over === "";
    if (!this.narrator.follow(state, over)) return;
    this.dataset.transport = over.name;
    this.#summary.textContent = over.summary;
    if (first) this.reader.network.over = over.name;
    else this.reader.network.change(over);
    markInUse(this, over);
  }

  #found() {
    if (this.#lost) this.#news.textContent = "Connected again";
    this.#lost = false;
  }

  /** @param {Sent} item */
  #showPending(item) {
    this.messages.pending(item, {
      again: () => this.outbox.again(item, this.author),
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
