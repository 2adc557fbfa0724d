// The messages of a room, as a list that people read, and that a screen reader announces without being flooded.
//
// Up to one message a second, each is announced (`role="log"`). Above that the list falls silent, and a summary is
// announced every few seconds instead.

import { element } from "../site/element.js";

const SHOWN = 1000; // the newest; as many as a room retains
const BUSY_MS = 1000; // messages that follow each other faster than this are summarised …
const SUMMARY_MS = 5000; // … so often

/** Shows messages, and the ones that are on their way. */
export class Messages {
  #list;
  #summary = element("p.unseen", { role: "status" });
  #byKey = new Map();
  #me;
  #lastAt = -Infinity;
  #unsaid = 0;
  #timer = 0;

  /**
   * @param {string} label  the log's name
   * @param {() => string} me  the reader's own name
   */
  constructor(label, me) {
    this.#me = me;
    this.#list = element("ol.log", { role: "log", tabIndex: 0, ariaLabel: label });
    this.nodes = [this.#list, this.#summary];
  }

  /**
   * Show messages at the end, before those on their way.
   * @param {import("../client/contract.js").Message[]} added
   * @param {{restarted: boolean, history: boolean}} how
   */
  add(added, { restarted, history }) {
    if (restarted) this.#startOver();
    this.#beHeard(added, history || restarted);
    const follow = this.#atEnd();
    added.forEach(({ key }) => this.settle(key));
    const items = document.createDocumentFragment();
    items.append(...added.map((message) => this.#item(message)));
    this.#list.insertBefore(items, this.#list.querySelector(".pending"));
    for (let over = this.#list.childElementCount - SHOWN; over > 0; over--) this.#list.firstElementChild.remove();
    if (follow) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /**
   * Show how a message of our own is getting on.
   * @param {import("../client/outbox.js").Sent} sent
   * @param {{again: () => void, takeBack: () => void}} offer  for one that was refused
   */
  pending(sent, offer) {
    const item = this.#byKey.get(sent.key) ?? this.#newPending(sent);
    const note = { sending: "sending", waiting: `${sent.why}; trying again`, settled: "sent", refused: "" }[sent.status];
    item.dataset.status = sent.status;
    const last = item.lastElementChild;
    if (sent.status === "refused") last.replaceChildren(...refusal(sent, offer));
    else last.textContent = note;
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** Take a message off those on their way. @param {string | undefined} key */
  settle(key) {
    this.#byKey.get(key)?.remove();
    this.#byKey.delete(key);
  }

  #newPending({ key, author, text }) {
    const item = element("li.pending", {}, element("b.author", {}, author), element("p.text", {}, text), element("div.fate"));
    item.classList.add("mine");
    this.#byKey.set(key, item);
    this.#list.append(item);
    return item;
  }

  #item({ id, author, text, sent_at }) {
    const at = new Date(sent_at * 1000);
    const time = element("time", { dateTime: at.toISOString(), title: `message ${id}` }, clock(at));
    const item = element("li", { "data-id": id }, element("b.author", {}, author), time, element("p.text", {}, text));
    item.classList.toggle("mine", author === this.#me());
    return item;
  }

  #startOver() {
    this.#list.querySelectorAll("li:not(.pending)").forEach((item) => item.remove());
    this.#list.prepend(element("li.gap", {}, "Earlier messages can no longer be told in full: starting over."));
  }

  #atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < 40;
  }

  /** Announce each message, or a summary, or nothing (what was said before we came). */
  #beHeard(added, old) {
    if (!added.length) return;
    const now = performance.now();
    const busy = added.length > 1 || now - this.#lastAt < BUSY_MS;
    this.#lastAt = now;
    this.#list.ariaLive = old || busy ? "off" : "polite";
    if (old || !busy) return;
    this.#unsaid += added.length;
    this.#timer ||= setTimeout(() => this.#summarise(), SUMMARY_MS);
  }

  #summarise() {
    this.#summary.textContent = `${this.#unsaid} new messages`;
    this.#unsaid = 0;
    this.#timer = 0;
  }
}

function clock(at) {
  return at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

function refusal({ why }, { again, takeBack }) {
  return [
    element("span.why", {}, `Refused: ${why}.`),
    element("button", { type: "button", onclick: again }, "Send again"),
    element("button.quiet", { type: "button", onclick: takeBack }, "Edit"),
  ];
}
