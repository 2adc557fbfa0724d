// Who was first with each message, as far as one page can know.
//
// All connections of a page are read by one thread, one after the other, so the order in which it comes to them
// says nothing. What arrives this soon after the first one arrived with it.

export const TIE_MS = 20;
const IDS_MOST = 2000; // whose first arrival is remembered

/** Counts how often each of several readers was first, or as good as. */
export class Firsts {
  /** When each message arrived first. @type {Map<number, number>} */
  #arrived = new Map();
  /** @type {Map<string, number>} */
  #counts = new Map();

  /**
   * Note that a reader has a message.
   * @param {string} reader
   * @param {number} id
   * @param {number} at  in ms, on the clock that all readers share
   */
  note(reader, id, at) {
    const first = this.#arrived.get(id) ?? at;
    this.#arrived.set(id, first);
    if (at - first <= TIE_MS) this.#counts.set(reader, this.of(reader) + 1);
    if (this.#arrived.size > IDS_MOST) this.#arrived.delete(Math.min(...this.#arrived.keys()));
  }

  /** Return how often a reader was first. @param {string} reader @returns {number} */
  of(reader) {
    return this.#counts.get(reader) ?? 0;
  }

  /** Forget the ids: the room has started over. */
  startOver() {
    this.#arrived.clear();
  }
}
