// The race: one message, and how long it takes over each transport. A bar grows until the message is there.

import { element, shapeOf } from "../site/element.js";
import { lateness } from "../site/formatting.js";
import { IN_DOUBT } from "./gauges.js";

const SCALE_MS = 1000; // a full bar, or the slowest one's time
const SHOWN_MS = 700; // a result stays for so long, however fast the next message comes
const GIVEN_UP_MS = 5000; // a transport that is offline holds no race up for longer

/**
 * @typedef {import("../client/contract.js").Transport} Transport
 * @typedef {import("../metering/metered_reader.js").MeasuredArrival} MeasuredArrival
 * @typedef {{bar: HTMLElement, time: HTMLElement}} Lane
 * @typedef {{late: number, errorMs: number}} Finish
 */

/** Shows the race of one message after the other. */
export class Race {
  #title = element("h2", {}, "The race of each message");
  /** @type {Map<string, Lane>} */
  #lanes = new Map();
  /** The message that races now; 0: none yet. */
  #id = 0;
  #newest = 0;
  #began = 0;
  #ended = -Infinity;
  /** @type {Map<string, Finish>} */
  #finished = new Map();

  /** @param {readonly Transport[]} transports */
  constructor(transports) {
    const lanes = transports.map((transport) => this.#lane(transport));
    const note =
      "The number says how late the message came: the time from the moment when the server accepted it until " +
      "this page had it over that transport, both on the server’s clock.";
    const list = element("ol.lanes", {}, ...lanes);
    this.node = element("section.race", {}, this.#title, list, element("p.small", {}, note));
  }

  /** @param {Transport} transport */
  #lane(transport) {
    const { name, label, summary } = transport;
    const bar = element("span.bar");
    const time = element("span.time", {}, "–");
    this.#lanes.set(name, { bar, time });
    const track = element("span.track", { ariaHidden: "true" }, bar);
    const what = element("span.what", {}, summary);
    const head = element("b", {}, shapeOf(transport), label);
    return element("li", { "data-transport": name }, head, track, time, what);
  }

  /**
   * Note what a transport delivered.
   * @param {string} transport
   * @param {MeasuredArrival} arrival
   * @param {number} [now]  in ms
   */
  arrived(transport, { added, delays, errorMs }, now = performance.now()) {
    if (added.length && !delays.length && !this.#id) this.#title.textContent = `The race is ${IN_DOUBT}`;
    added.forEach(({ id }, i) => {
      const late = delays[i];
      if (late === undefined) return;
      if (id > this.#newest && this.#isFree(now)) this.#begin(id, now - late);
      this.#newest = Math.max(this.#newest, id);
      if (id === this.#id) this.#finish(transport, { late, errorMs }, now);
    });
  }

  /** @param {number} now */
  #isFree(now) {
    return !this.#id || now - this.#ended > SHOWN_MS || now - this.#began > GIVEN_UP_MS;
  }

  /** @param {number} id @param {number} began */
  #begin(id, began) {
    this.#id = id;
    this.#began = began;
    this.#ended = Infinity;
    this.#finished.clear();
    this.#title.textContent = `The race of message ${id}`;
  }

  /** @param {string} transport @param {Finish} finish @param {number} now */
  #finish(transport, finish, now) {
    this.#finished.set(transport, finish);
    if (this.#finished.size === this.#lanes.size) this.#ended = now;
  }

  /** Forget the message: the room has started over. */
  startOver() {
    this.#id = this.#newest = 0;
  }

  /**
   * Show the race as it is now.
   * @param {number} [now]  in ms
   * @param {(transport: string) => boolean} [connected]
   */
  draw(now = performance.now(), connected = () => true) {
    if (!this.#id) return;
    const waited = Math.min(GIVEN_UP_MS, now - this.#began);
    const running = this.#finished.size < this.#lanes.size ? waited : 0;
    const scale = Math.max(SCALE_MS, running, ...[...this.#finished.values()].map(({ late }) => late));
    for (const [name, { bar, time }] of this.#lanes) {
      const finish = this.#finished.get(name);
      const text = finish
        ? lateness(finish.late, finish.errorMs)
        : connected(name)
          ? "on its way"
          : "not connected";
      if (time.textContent !== text) time.textContent = text;
      time.classList.toggle("waiting", !finish);
      bar.style.setProperty("--share", String(Math.max(0, finish ? finish.late : waited) / scale));
    }
  }
}
