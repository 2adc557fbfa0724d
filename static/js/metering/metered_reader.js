// A connection that measures what it reads: exactly once or not, how late, and at what cost.

import { Connection } from "../client/connection.js";
import { ServerClock } from "./calibration.js";
import { Delays, ExactlyOnce } from "./meter.js";
import { MeteredNetwork } from "./metered_network.js";

const DOUBT_MOST_MS = 100; // a clock that may be wrong by more measures nothing

/**
 * @typedef {object} Measured
 * @property {number[]} delays  in ms, one a message; none for history, and while the clock is in doubt
 * @property {number} errorMs  by so much each may be wrong
 *
 * @typedef {import("../client/connection.js").Arrival & Measured} MeasuredArrival
 */

/** Reads a room, and measures what it reads. */
export class MeteredReader extends Connection {
  meter = new ExactlyOnce();
  delays = new Delays();
  /**
   * The transport that delivered last, and the delays since it took over.
   * @type {{over: import("../client/contract.js").Transport | null, delays: Delays}}
   */
  current = { over: null, delays: new Delays() };
  clock = new ServerClock();

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
  }

  /** Whether the server’s time is known too badly for a delay to be measured. */
  get clockInDoubt() {
    return this.clock.read().errorMs > DOUBT_MOST_MS;
  }

  /** @param {import("../client/connection.js").Arrival} arrival @returns {MeasuredArrival} */
  #measured(arrival) {
    const { added, dropped, restarted, history, over } = arrival;
    const { now, errorMs } = this.clock.read();
    if (over !== this.current.over) this.current = { over, delays: new Delays() };
    if (restarted) this.meter.startOver();
    this.meter.dropped += dropped;
    added.forEach(({ id }) => this.meter.saw(id));
    const measured = !history && !restarted && errorMs <= DOUBT_MOST_MS;
    const delays = measured ? added.map(({ sent_at }) => now - sent_at * 1000) : [];
    for (const all of [this.delays, this.current.delays]) delays.forEach((delay) => all.add(delay));
    return { ...arrival, delays, errorMs };
  }
}
