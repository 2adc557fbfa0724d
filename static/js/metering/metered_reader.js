// A reader: one room, read over one transport after another, without losing a message in between.
//
// On a change the new connection starts from the log's cursor while the old one still runs; the old one ends when the
// new one has said something, or soon after. What both tell is dropped by the log.

import { calibrate, wallClock } from "./calibration.js";
import { Log } from "../client/log.js";
import { Delays, ExactlyOnce } from "./meter.js";
import { Wire } from "./metered_connection.js";

const OVERLAP_MS = 1500;

/**
 * @typedef {object} Arrival  how messages came
 * @property {boolean} restarted  a gap was told: they are the beginning of a new view
 * @property {boolean} history  they were said before we came
 * @property {number[]} delays  in ms, one a message; none for history
 */

/** Reads a room, and measures what it reads. */
export class Reader {
  log = new Log();
  meter = new ExactlyOnce();
  delays = new Delays();
  wire = new Wire();
  /** @type {import("../client/contract.js").Transport | null} */
  transport = null;
  /** @type {import("../client/contract.js").State} */
  state = { name: "connecting" };
  #url;
  #lines = [];
  #onMessages;
  #onState;
  #clockMs = 0;

  /**
   * @param {string} url  the room's
   * @param {object} tell
   * @param {string | null} [tell.cursor]  where to begin; null: with the newest messages
   * @param {(added: import("../client/contract.js").Message[], how: Arrival) => void} tell.onMessages
   * @param {(state: import("../client/contract.js").State) => void} tell.onState
   */
  constructor(url, { cursor = null, onMessages, onState }) {
    this.#url = url;
    this.log.cursor = cursor;
    this.#onMessages = onMessages;
    this.#onState = onState;
    calibrate().then(({ clockMs }) => (this.#clockMs = clockMs));
  }

  /** Read over this transport from now on. @param {import("../client/contract.js").Transport} transport */
  use(transport) {
    const line = { end: new AbortController(), fresh: true };
    const earlier = this.#lines;
    const retire = () => earlier.splice(0).forEach(({ end }) => end.abort());
    earlier.splice(0, earlier.length - 1).forEach(({ end }) => end.abort());
    this.transport = transport;
    this.#lines = [...earlier, line];
    setTimeout(retire, OVERLAP_MS);
    transport.connect(this.#url, {
      cursor: this.log.cursor,
      wire: this.wire,
      signal: line.end.signal,
      onState: (state) => this.#lines.at(-1) === line && this.#onState((this.state = state)),
      onBatch: (batch) => {
        retire();
        this.#take(batch, line);
      },
    });
  }

  /** Read no more. */
  stop() {
    this.#lines.splice(0).forEach(({ end }) => end.abort());
  }

  #take(batch, line) {
    const history = this.log.cursor === null;
    // A line that began at our cursor is believed when it says that messages are missing; another one is asked anew.
    const taken = this.log.apply(batch, { holes: line.fresh && this.#lines.at(-1) === line });
    line.fresh = false;
    if (taken === null) {
      this.use(this.transport);
      return;
    }
    const now = wallClock() + this.#clockMs;
    if (taken.restarted) this.meter.startOver();
    this.meter.dropped += taken.dropped;
    taken.added.forEach(({ id }) => this.meter.saw(id));
    const delays = history || taken.restarted ? [] : taken.added.map(({ sent_at }) => now - sent_at * 1000);
    delays.forEach((delay) => this.delays.add(delay));
    this.#onMessages(taken.added, { restarted: taken.restarted, history, delays });
  }
}
