// A connection to one room, over one transport after another, without losing a message in between.
//
// On a change the new transport starts from the log's cursor while the old one still runs; the old one ends
// when the new one has delivered something, or soon after. What both deliver is dropped by the log. When the
// page comes back from having been away, the same transport starts anew in the same way.

import { Log } from "./log.js";
import { watchPage } from "./wake.js";

const OVERLAP_MS = 1500;

/**
 * @typedef {import("./contract.js").Transport} Transport
 * @typedef {{end: AbortController, fresh: boolean}} Line  one transport that is in use
 *
 * @typedef {object} Arrival  what a batch brought
 * @property {import("./contract.js").Message[]} added
 * @property {number} dropped  how many of its messages we had
 * @property {boolean} restarted  a gap was reported: the messages are the beginning of a new view
 * @property {boolean} history  they are older than this connection
 * @property {Transport} over  which transport delivered it
 */

/** Reads a room. */
export class Connection {
  log = new Log();
  /** @type {Transport | null} */
  transport = null;
  /** @type {import("./contract.js").State} */
  state = { name: "connecting" };
  #ending = new AbortController();
  /** @type {Line[]} */
  #lines = [];
  #url;
  #onArrival;
  #onState;
  #network;

  /**
   * @param {string} url  the room's
   * @param {object} how
   * @param {string | null} [how.cursor]  where to begin; null: with the newest messages
   * @param {(arrival: Arrival) => void} how.onArrival
   * @param {(state: import("./contract.js").State) => void} [how.onState]
   * @param {import("./contract.js").Network} [how.network]
   */
  constructor(url, { cursor = null, onArrival, onState = () => {}, network }) {
    this.#url = url;
    this.log.cursor = cursor;
    this.#onArrival = onArrival;
    this.#onState = onState;
    this.#network = network;
    const anew = () => this.transport && this.use(this.transport);
    watchPage({ onWake: anew, onSleep: () => this.#retire(this.#lines) }, this.#ending.signal);
  }

  /** Read over this transport from now on. @param {Transport} transport */
  use(transport) {
    /** @type {Line} */
    const line = { end: new AbortController(), fresh: true };
    const earlier = this.#lines;
    this.#retire(earlier, 1);
    this.transport = transport;
    this.#lines = [...earlier, line];
    setTimeout(() => this.#retire(earlier), OVERLAP_MS);
    transport.connect(this.#url, {
      cursor: this.log.cursor,
      network: this.#network,
      signal: line.end.signal,
      onState: (state) => this.#lines.at(-1) === line && this.#onState((this.state = state)),
      onBatch: (batch, over = transport) => {
        this.#retire(earlier);
        this.#apply(batch, line, over);
      },
    });
  }

  /** Read no more. */
  stop() {
    this.#ending.abort();
    this.#retire(this.#lines);
  }

  /** End lines, but for the last `but` of them. @param {Line[]} lines @param {number} [but] */
  #retire(lines, but = 0) {
    const ended = lines.splice(0, lines.length - but);
    ended.forEach(({ end }) => end.abort());
    this.#lines = this.#lines.filter((line) => !ended.includes(line));
  }

  /** @param {import("./contract.js").Batch} batch @param {Line} line @param {Transport} over */
  #apply(batch, line, over) {
    const history = this.log.cursor === null;
    // A line that began at our cursor is believed when messages are missing; another one is started anew.
    const applied = this.log.apply(batch, { holes: line.fresh && this.#lines.at(-1) === line });
    line.fresh = false;
    if (applied) this.#onArrival({ ...applied, history, over });
    else if (this.transport) this.use(this.transport);
  }
}
