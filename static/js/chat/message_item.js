// One line of the list: a message, one that is on its way, or what happened to the connection.

import { element } from "../site/element.js";
import { lateness } from "../site/formatting.js";

// Made once: to make one takes longer than all else about a message.
const CLOCK = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

/**
 * @typedef {import("../client/contract.js").Transport} Transport
 * @typedef {import("../client/outbox.js").Sent} Sent
 *
 * @typedef {object} Arrived  how a message came
 * @property {Transport} [over]
 * @property {number} [delay]  in ms; none for history, and where the clock is in doubt
 * @property {number} [errorMs]
 */

/** @param {import("../client/contract.js").Message} message @param {Arrived} arrived */
export function makeMessage({ id, author, text, sent_at }, { over, delay, errorMs = 0 }) {
  const at = new Date(sent_at * 1000);
  const time = element("time", { dateTime: at.toISOString(), title: `message ${id}` }, CLOCK.format(at));
  const known = delay !== undefined && delay >= -Math.max(1, errorMs); // none arrives before it was sent
  const late = over && known ? [latenessOf(delay, errorMs, over)] : [];
  return element(
    "li",
    { "data-id": id },
    authorOf(author),
    element("span.when", {}, ...late, time),
    textOf(text),
  );
}

/** @param {number} delay @param {number} errorMs @param {Transport} over */
function latenessOf(delay, errorMs, over) {
  return element("span.late", { "data-transport": over.name }, lateness(delay, errorMs));
}

/** @param {Sent} sent */
export function makePending({ author, text }) {
  return element("li.pending.mine", {}, authorOf(author), textOf(text), element("div.fate"));
}

/**
 * Show how a message of our own is getting on.
 * @param {HTMLElement} item
 * @param {Sent} sent
 * @param {{again: () => void, takeBack: () => void}} offer  for one that was refused
 */
export function showFate(item, sent, offer) {
  const notes = { sending: "sending", waiting: `${sent.why}; trying again`, settled: "sent", refused: "" };
  item.dataset.status = sent.status;
  const [author, , fate] = item.children;
  author.textContent = sent.author;
  if (sent.status === "refused") fate.replaceChildren(...refusal(sent, offer));
  else fate.textContent = notes[sent.status];
}

/** @param {string} day */
export function makeDay(day) {
  return element("li.day", {}, day);
}

/** Make a line that says which transport delivers. @param {Transport} transport */
export function makeChange({ name }) {
  return element("li.change", { "data-transport": name });
}

/** Make a line that says how many messages were missed and are here now. */
export function makeCaughtUp() {
  return element("li.caught-up");
}

/**
 * Return a count with what it counts.
 * @param {number} count
 * @param {string} thing  in the singular
 */
export function pluralOf(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** @param {string} author */
function authorOf(author) {
  return element("b.author", { dir: "auto" }, author);
}

/** @param {string} text */
function textOf(text) {
  return element("p.text", { dir: "auto" }, text);
}

/** @param {Sent} sent @param {{again: () => void, takeBack: () => void}} offer */
function refusal({ why }, { again, takeBack }) {
  return [
    element("span.why", {}, `Refused: ${why}.`),
    element("button", { type: "button", onclick: again }, "Send again"),
    element("button.quiet", { type: "button", onclick: takeBack }, "Edit"),
  ];
}
