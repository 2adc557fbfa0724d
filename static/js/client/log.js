// A reader's view of a room, and the client's whole duty.
//
// Apply a message whose id is the last one + 1, drop one whose id we have, start over on a gap. Because of
// this rule two transports may deliver the same room at the same time, and changing from one to the other
// loses nothing.

/** What has been read so far: the cursor to go on from, and the last id. Stores no messages. */
export class Log {
  /** @type {string | null} */
  cursor = null;
  /** @type {number | null} */
  #last = null;

  /**
   * Apply a batch.
   * @param {import("./contract.js").Batch} batch
   * @param {{holes?: boolean}} [allow]  `holes`: apply it although messages are missing before it
   * @returns {{added: import("./contract.js").Message[], dropped: number, restarted: boolean} | null}
   *   what is new; null when messages are missing between what we have and this batch, and nothing was
   * applied
   */
  apply(batch, { holes = false } = {}) {
    const known = batch.gap || this.#last === null ? 0 : this.#last;
    const added = batch.messages.filter(({ id }) => id > known);
    if (!holes && known && added.length && added[0].id !== known + 1) return null;
    if (batch.gap) this.#last = null;
    if (added.length) this.#last = added[added.length - 1].id;
    // A batch that brought nothing new may be an older connection's: its cursor lies behind ours.
    if (added.length || batch.gap || this.#last === null) this.cursor = batch.cursor;
    return { added, dropped: batch.messages.length - added.length, restarted: batch.gap };
  }
}
