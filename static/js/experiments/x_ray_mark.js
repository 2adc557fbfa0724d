// Mark: one thing that waits in the server, as the X-ray shows it.

import { PAGE_LABEL } from "../metering/page_label.js";
import { element, shapeOf } from "../site/element.js";
import { transportNamed } from "../transports.js";
import { seconds } from "../site/formatting.js";

const SOCKET_FULL_MS = 60_000; // a socket's mark is full after a minute; a held request's when its hold ends

/** A held request, or an open socket; `owes` counts the messages that its reader has not received. */
export class Mark {
  owes = 0;

  /**
   * @param {[number, string, string, string, number, string]} report  number, transport, room, cursor, age in
   *   ms, client
   * @param {number} holdMs  when a held request is full
   */
  constructor([number, transport, room, cursor, age, client], holdMs) {
    this.number = number;
    this.transport = transport;
    this.room = room;
    this.cursor = cursor;
    this.mine = client.startsWith(PAGE_LABEL);
    this.held = !transportNamed(transport).pushes;
    this.since = performance.now() - age;
    this.full = this.held ? holdMs : SOCKET_FULL_MS;
    this.node = element("button.mark", { type: "button" }, shapeOf({ name: transport }));
    this.node.dataset.transport = transport;
    this.node.classList.toggle("mine", this.mine);
  }

  /** What may be done to it. @returns {string[]} */
  get acts() {
    return this.held ? ["release", "drop"] : ["freeze", "thaw", "drop"];
  }

  /** Show it as it is now. */
  draw() {
    this.node.style.setProperty("--age", String(Math.min(1, (performance.now() - this.since) / this.full)));
    this.node.classList.toggle("behind", this.owes > 0);
    this.node.ariaLabel = this.words;
  }

  /** @returns {string} */
  get words() {
    const doing = `${this.held ? "held" : "open"} for ${seconds(performance.now() - this.since)}`;
    const owes = `owes ${this.owes} ${this.owes === 1 ? "message" : "messages"}`;
    const parts = [this.transport, `room ${this.room}`, `cursor ${this.cursor || "none"}`, doing];
    return [...parts, ...(this.held ? [] : [owes]), ...(this.mine ? ["yours"] : [])].join(" · ");
  }
}
