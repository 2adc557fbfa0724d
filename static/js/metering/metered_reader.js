// A connection that measures what it reads: exactly once or not, how late, and at what cost.

import { Connection } from "../client/connection.js";
import { calibrate, wallClock } from "./calibration.js";
import { Delays, ExactlyOnce } from "./meter.js";
import { MeteredNetwork } from "./metered_network.js";

/**
 * @typedef {import("../client/connection.js").Arrival & {delays: number[]}} MeasuredArrival  `delays` in ms,
 *   none for history
 */

/** Reads a room, and measures what it reads. */
export class MeteredReader extends Connection {
  meter = new ExactlyOnce();
  delays = new Delays();
  #clockMs = 0;

  /**
   * @param {string} url  the room's
   * @param {object} how
   * @param {string | null} [how.cursor]  where to begin; null: with the newest messages
   * @param {(arrival: MeasuredArrival) => void} how.onArrival
   * @param {(state: import("../client/contract.js").State) => void} [how.onState]
   */
  constructor(url, { cursor, onArrival, onState }) {
    const network = new MeteredNetwork();
    super(url, { cursor, onState, network, onArrival: (arrival) => onArrival(this.#measured(arrival)) });
    this.network = network;
    calibrate().then(({ clockMs }) => (this.#clockMs = clockMs));
  }

  /** @param {import("../client/connection.js").Arrival} arrival @returns {MeasuredArrival} */
  #measured(arrival) {
    const { added, dropped, restarted, history } = arrival;
    const now = wallClock() + this.#clockMs;
    if (restarted) this.meter.startOver();
    this.meter.dropped += dropped;
    added.forEach(({ id }) => this.meter.saw(id));
    const delays = history || restarted ? [] : added.map(({ sent_at }) => now - sent_at * 1000);
    delays.forEach((delay) => this.delays.add(delay));
    return { ...arrival, delays };
  }
}
