// The messages of a room, as a list that people read, and that a screen reader announces without being
// flooded.
//
// Up to one message a second, each is announced (`aria-live`). Above that the list falls silent, and a
// summary is announced every few seconds instead. The list stays at its end, unless somebody has scrolled
// back to read.

import { element } from "../site/element.js";

const SHOWN = 1000; // the newest; as many as a room retains
const BUSY_MS = 1000; // messages that follow each other faster than this are summarised …
const SUMMARY_MS = 5000; // … every so often
const NEAR_END_PX = 40;

/**
 * @typedef {import("../client/contract.js").Message} Message
 * @typedef {import("../client/outbox.js").Sent} Sent
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
  #lastDay = day(new Date());
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
   * @param {{restarted: boolean, history: boolean}} how
   */
  add(added, { restarted, history }) {
    if (restarted) this.#startOver();
    this.#announce(added, history || restarted);
    added.forEach(({ key }) => this.settle(key));
    const items = document.createDocumentFragment();
    items.append(...added.flatMap((message) => this.#items(message)));
    this.#list.insertBefore(items, this.#list.querySelector(".pending"));
    for (let over = this.#list.childElementCount - SHOWN; over > 0; over--) this.#list.firstChild?.remove();
    if (this.#atEnd) this.#toEnd();
    else this.#countUnread(added);
  }

  /**
   * Show how a message of our own is getting on.
   * @param {Sent} sent
   * @param {{again: () => void, takeBack: () => void}} offer  for one that was refused
   */
  pending(sent, offer) {
    const item = this.#byKey.get(sent.key) ?? this.#newPending(sent);
    const notes = { sending: "sending", waiting: `${sent.why}; trying again`, settled: "sent", refused: "" };
    item.dataset.status = sent.status;
    const [author, , fate] = item.children;
    author.textContent = sent.author;
    if (sent.status === "refused") fate.replaceChildren(...refusal(sent, offer));
    else fate.textContent = notes[sent.status];
    if (this.#atEnd) this.#toEnd();
  }

  /** Take a message off those on their way. @param {string | undefined} key */
  settle(key) {
    if (key === undefined) return;
    this.#byKey.get(key)?.remove();
    this.#byKey.delete(key);
  }

  /** @param {Sent} sent */
  #newPending({ key, author, text }) {
    const item = element("li.pending.mine", {}, authorOf(author), textOf(text), element("div.fate"));
    this.#byKey.set(key, item);
    this.#list.append(item);
    this.#toEnd();
    return item;
  }

  /** Make a message's item, and before it the day's, where another day begins. @param {Message} message */
  #items({ id, author, text, sent_at }) {
    const at = new Date(sent_at * 1000);
    const time = element("time", { dateTime: at.toISOString(), title: `message ${id}` }, clock(at));
    const item = element("li", { "data-id": id }, authorOf(author), time, textOf(text));
    item.classList.toggle("mine", author === this.#me());
    if (day(at) === this.#lastDay) return [item];
    this.#lastDay = day(at);
    return [element("li.day", {}, day(at)), item];
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
    this.#news.textContent = newMessages(this.#unread);
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
    this.#summary.textContent = newMessages(this.#unannounced);
    this.#unannounced = 0;
    this.#timer = 0;
  }
}

/** @param {string} author */
function authorOf(author) {
  return element("b.author", { dir: "auto" }, author);
}

/** @param {string} text */
function textOf(text) {
  return element("p.text", { dir: "auto" }, text);
}

/** @param {number} count */
function newMessages(count) {
  return `${count} new ${count === 1 ? "message" : "messages"}`;
}

/** @param {Date} at */
function clock(at) {
  return at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** @param {Date} at */
function day(at) {
  return at.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** @param {Sent} sent @param {{again: () => void, takeBack: () => void}} offer */
function refusal({ why }, { again, takeBack }) {
  return [
    element("span.why", {}, `Refused: ${why}.`),
    element("button", { type: "button", onclick: again }, "Send again"),
    element("button.quiet", { type: "button", onclick: takeBack }, "Edit"),
  ];
}
