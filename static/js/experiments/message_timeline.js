// <message-timeline>: a picture to touch. Drag a message along the time, and see which request brings it, and
// how late; or that none does.
//
// `shows` is the picture: "polls", "gap" or "hold"; `hold` is the server's limit in seconds. The requests are
// those of lab/reading_rules.js. Nothing is sent, and nothing is measured.

import { drawn, FRAME } from "../lab/timeline_drawing.js";
import { requestsOf, seenAt } from "../lab/reading_rules.js";
import { scale } from "../lab/scales.js";
import { element, svg } from "../site/element.js";

/**
 * @typedef {import("../lab/reading_rules.js").Rule} Rule
 * @typedef {{label: string, transport: string} & Rule} Row
 * @typedef {{name: string, at: number}} Message
 * @typedef {{length: number, step: number, rows: Row[], messages: Message[]}} Picture  times in seconds
 */

const ANN = "Ann’s message";
const BEN = "Ben’s message";
const LONG = { transport: "long-polling", pause: 0, cursor: true };

/** @type {Record<string, (hold: number) => Picture>} */
const PICTURES = {
  polls: () => ({
    length: 5,
    step: 0.05,
    rows: [{ label: "", transport: "short-polling", hold: 0, pause: 1, way: 0.1, cursor: true }],
    messages: [{ name: ANN, at: 1.5 }],
  }),
  gap: (hold) => ({
    length: 4,
    step: 0.05,
    rows: [
      { ...LONG, label: "without a cursor", hold, way: 0.3, cursor: false },
      { ...LONG, label: "with a cursor", hold, way: 0.3 },
    ],
    messages: [
      { name: ANN, at: 1 },
      { name: BEN, at: 1.2 },
    ],
  }),
  hold: (hold) => ({
    length: 60,
    step: 0.5,
    rows: [{ ...LONG, label: "", hold, way: 1 }],
    messages: [{ name: ANN, at: 14 }],
  }),
};
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const LONG_AFTER = 2; // lengths of the picture: what comes until then is followed, but not drawn

class MessageTimeline extends HTMLElement {
  connectedCallback() {
    const hold = Number(this.getAttribute("hold") ?? 0);
    this.picture = PICTURES[this.getAttribute("shows") ?? "polls"](hold);
    this.handles = this.picture.messages.map((message) => this.#handle(message));
    this.drawing = svg("g", { "aria-hidden": "true" });
    const group = { role: "group", "aria-label": "Messages on a line of time; arrow keys move them" };
    this.canvas = svg("svg", group, this.drawing, ...this.handles);
    this.frame = element("div.timeline-picture", {}, this.canvas);
    this.words = element("ul.timeline-words");
    this.replaceChildren(this.frame, this.words);
    this.resizing = new ResizeObserver(() => this.#draw());
    this.resizing.observe(this.frame);
  }

  disconnectedCallback() {
    this.resizing?.disconnect();
  }

  /** @param {Message} message */
  #handle(message) {
    const slider = { role: "slider", tabindex: 0, "aria-label": message.name, "aria-valuemin": 0 };
    const most = { "aria-valuemax": this.picture.length };
    const name = svg("text", { "text-anchor": "middle", y: 4.5 }, document.createTextNode(message.name[0]));
    const handle = svg(
      "g",
      { class: "handle", ...slider, ...most },
      svg("circle", { class: "reach", r: FRAME.reach }),
      svg("circle", { r: 12 }),
      name,
    );
    handle.addEventListener("keydown", (event) => this.#key(event, message));
    handle.addEventListener("pointerdown", ({ pointerId }) => handle.setPointerCapture(pointerId));
    handle.addEventListener("pointermove", ({ pointerId, clientX }) => {
      if (handle.hasPointerCapture(pointerId)) this.#move(message, this.#momentAt(clientX));
    });
    return handle;
  }

  /** @param {KeyboardEvent} event @param {Message} message */
  #key(event, message) {
    const { length, step } = this.picture;
    const to = { Home: 0, End: length }[event.key] ?? message.at + step * (KEYS[event.key] ?? NaN);
    if (Number.isNaN(to) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#move(message, to);
  }

  /** @param {Message} message @param {number} to */
  #move(message, to) {
    const { length, step } = this.picture;
    const inside = Math.min(length, Math.max(0, Math.round(to / step) * step));
    message.at = Number(inside.toFixed(3));
    this.#draw();
  }

  /** @param {number} clientX */
  #momentAt(clientX) {
    const { left, width } = this.frame.getBoundingClientRect();
    return (this.picture.length * (clientX - left - FRAME.side)) / (width - 2 * FRAME.side);
  }

  #draw() {
    if (!this.frame.clientWidth) return; // not laid out yet
    const { length, rows, messages } = this.picture;
    const { clientWidth: width, clientHeight: height } = this.frame;
    const x = scale({ least: 0, most: length }, FRAME.side, width - FRAME.side);
    const played = rows.map((row) => play(row, messages, length));
    Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }).forEach(([name, value]) =>
      this.canvas.setAttribute(name, String(value)),
    );
    this.drawing.replaceChildren(...drawn(played, messages, length, { x, width, height }));
    const sentences = messages.map((message, i) => sentence(message, i, played));
    this.words.replaceChildren(...sentences.map((words) => element("li", {}, words)));
    messages.forEach(({ at }, i) => {
      const place = `translate(${x(at)} ${FRAME.lane(rows.length, i)})`;
      const value = { transform: place, "aria-valuenow": at, "aria-valuetext": sentences[i] };
      Object.entries(value).forEach(([name, one]) => this.handles[i].setAttribute(name, String(one)));
    });
  }
}

/** Play a row. @param {Row} row @param {Message[]} messages @param {number} length */
function play(row, messages, length) {
  const order = messages.toSorted((a, b) => a.at - b.at);
  const sent = order.map(({ at }) => at);
  const requests = requestsOf(sent, row, LONG_AFTER * length);
  const seen = messages.map((message) => seenAt(requests, order.indexOf(message) + 1));
  return { ...row, requests, seen };
}

/** Say what happens to a message. @param {Message} message @param {number} i @param {ReturnType<typeof play>[]} played */
function sentence({ name, at }, i, played) {
  const ends = played.map((row) => `${row.label && `${row.label}, `}${ending(row, at, row.seen[i])}`);
  return `${name}, sent at ${seconds(at)}: ${ends.join("; ")}.`;
}

/** @param {ReturnType<typeof play>} row @param {number} at @param {number | null} seen */
function ending({ requests, hold }, at, seen) {
  if (seen === null) return "no request is held, and no later one asks for it: it is lost";
  const late = `${seconds(seen - at)} late`;
  const waited = requests.some(({ reached, back }) => back === seen && reached < at);
  if (waited) return `it releases the held request, and is seen ${late}`;
  return hold
    ? `no request is held, and the next one brings it, ${late}`
    : `the next poll brings it, ${late}`;
}

/** @param {number} value */
function seconds(value) {
  return `${Number(value.toFixed(2))} s`;
}

customElements.define("message-timeline", MessageTimeline);
