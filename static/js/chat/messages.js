// The messages of a room, as a list that people read, and that a screen reader announces without being
// flooded.
//
// Up to one message a second, each is announced (`aria-live`). Above that the list falls silent, and a
// summary is announced every few seconds instead. The list stays at its end, unless somebody has scrolled
// back to read.

import { element } from "../site/element.js";
import { makeDay, makeMessage, makePending, pluralOf, showFate } from "./message_item.js";

const SHOWN = 1000; // the newest; as many as a room retains
const BUSY_MS = 1000; // messages that follow each other faster than this are summarised …
const SUMMARY_MS = 5000; // … every so often
const NEAR_END_PX = 40;
const DAY = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

/**
 * @typedef {import("../client/contract.js").Message} Message
 * @typedef {import("../client/contract.js").Transport} Transport
 * @typedef {import("../client/outbox.js").Sent} Sent
 *
 * @typedef {object} How  messages came
 * @property {boolean} restarted  the list starts over
 * @property {boolean} history  they are older than the reader
 * @property {Transport} [over]  which transport delivered them
 * @property {number[]} [delays]  how late each came, in ms, where that is known
 * @property {number} [errorMs]  by so much each may be wrong
 */

/** Shows messages, and the ones that are on their way. */
export class Messages {
  #list;
  #summary = element("p.unseen", { role: "status" });
  #news = element("button.news", { type: "button", hidden: true });
  /** @type {Map<string, HTMLElement>} */
  #byKey = new Map();
  #me;
  #atEnd = true;
  #unread = 0;
  #lastDay = DAY.format(new Date());
  #lastAt = -Infinity;
  #unannounced = 0;
  #timer = 0;

  /**
   * @param {string} label  the log's name
   * @param {() => string} me  the reader's own name
   */
  constructor(label, me) {
    this.#me = me;
    this.#list = element("ol.log", { ariaLive: "polite", tabIndex: 0, ariaLabel: label });
    this.#list.addEventListener("scroll", () => this.#scrolled());
    this.#news.addEventListener("click", () => this.#toEnd());
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.#list);
    this.nodes = [this.#list, this.#news, this.#summary];
  }

  /**
   * Show messages at the end, before those on their way.
   * @param {Message[]} added
   * @param {How} how
   */
  add(added, how) {
    if (how.restarted) this.#startOver();
    this.#announce(added, how.history || how.restarted);
    added.forEach(({ key }) => this.settle(key));
    this.#append(...added.flatMap((message, i) => this.#items(message, i, how)));
    for (let over = this.#list.childElementCount - SHOWN; over > 0; over--) this.#list.firstChild?.remove();
    if (!this.#atEnd) this.#countUnread(added);
  }

  /** Write a line of our own into the list, or move it to the end. @param {HTMLElement} line */
  note(line) {
    this.#append(line);
  }

  /**
   * Show how a message of our own is getting on.
   * @param {Sent} sent
   * @param {{again: () => void, takeBack: () => void}} offer  for one that was refused
   */
  pending(sent, offer) {
    const item = this.#byKey.get(sent.key) ?? this.#newPending(sent);
    showFate(item, sent, offer);
    if (this.#atEnd) this.#toEnd();
  }

  /** Take a message off those on their way. @param {string | undefined} key */
  settle(key) {
    if (key === undefined) return;
    this.#byKey.get(key)?.remove();
    this.#byKey.delete(key);
  }

  /** @param {Sent} sent */
  #newPending(sent) {
    const item = makePending(sent);
    this.#byKey.set(sent.key, item);
    this.#list.append(item);
    this.#toEnd();
    return item;
  }

  /** @param {...HTMLElement} items */
  #append(...items) {
    const all = document.createDocumentFragment();
    all.append(...items);
    this.#list.insertBefore(all, this.#list.querySelector(".pending"));
    if (this.#atEnd) this.#toEnd();
  }

  /** Make a message's item, and before it the day's, where another day begins. */
  #items(/** @type {Message} */ message, /** @type {number} */ i, /** @type {How} */ how) {
    const { over, delays = [], errorMs } = how;
    const item = makeMessage(message, { over, delay: delays[i], errorMs });
    item.classList.toggle("mine", message.author === this.#me());
    const today = DAY.format(new Date(message.sent_at * 1000));
    if (today === this.#lastDay) return [item];
    this.#lastDay = today;
    return [makeDay(today), item];
  }

  #startOver() {
    this.#list.querySelectorAll("li:not(.pending)").forEach((item) => item.remove());
    this.#list.prepend(element("li.gap", {}, "Earlier messages are no longer stored: the list starts over."));
  }

  #toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#atEnd = true;
    this.#countUnread([]);
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#atEnd) this.#countUnread([]);
  }

  /** @param {Message[]} added */
  #countUnread(added) {
    this.#unread = this.#atEnd ? 0 : this.#unread + added.length;
    this.#news.hidden = this.#unread === 0;
    this.#news.textContent = pluralOf(this.#unread, "new message");
  }

  /**
   * Announce each message, or a summary, or nothing (what was sent before we came).
   * @param {Message[]} added
   * @param {boolean} old
   */
  #announce(added, old) {
    if (!added.length) return;
    const now = performance.now();
    const busy = added.length > 1 || now - this.#lastAt < BUSY_MS;
    this.#lastAt = now;
    this.#list.ariaLive = old || busy ? "off" : "polite";
    if (old || !busy) return;
    this.#unannounced += added.length;
    this.#timer ||= setTimeout(() => this.#summarise(), SUMMARY_MS);
  }

  #summarise() {
    this.#summary.textContent = pluralOf(this.#unannounced, "new message");
    this.#unannounced = 0;
    this.#timer = 0;
  }
}
