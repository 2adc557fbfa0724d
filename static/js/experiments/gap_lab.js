// <gap-lab>: what is sent between two requests, with a cursor and without.
//
// Several people press Enter at once, again and again; one reader polls long with a cursor, another without.
// The one without is served by a handler that is wrong on purpose (tutorial/counterexamples/cursorless.py).
// Measures: `lost` (% without a cursor), `lost_with_cursor`.

import { choice } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sleep, send } from "../lab/room_reader.js";

const ROUNDS = 20;
const MESSAGES_A_SECOND = 10; // below the server's rate limit
const NAMES = ["ann", "ben", "cleo", "dan", "eve"];

class GapLab extends Lab {
  static heading = "Everybody presses Enter at once";

  controls() {
    this.authors = choice(
      "How many at once",
      [
        ["2", "two"],
        ["5", "five"],
        ["1", "one"],
      ],
      "authors",
    );
    return [this.authors.node];
  }

  output() {
    this.rows = { without: row("without a cursor"), with: row("with a cursor") };
    return [element("div.gap-rows", {}, this.rows.without.node, this.rows.with.node)];
  }

  async experiment(signal) {
    const authors = Number(this.authors.value());
    const url = `/rooms/${ownRoom("gap")}`;
    const readers = { without: new RoomReader(), with: new RoomReader() };
    this.rows.without.clear();
    this.rows.with.clear();
    cursorless(url, readers.without, signal);
    readers.with.read(url, "long-polling", { signal });
    await sleep(400, signal);
    const ids = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const acks = await Promise.all(
        NAMES.slice(0, authors).map((name) => send(url, `round ${round}`, signal, name)),
      );
      ids.push(...acks.map(({ id }) => id));
      await sleep((1000 * authors) / MESSAGES_A_SECOND + 100, signal);
      this.report(`Round ${round} of ${ROUNDS}.`);
      for (const which of ["without", "with"]) this.rows[which].show(ids, readers[which]);
    }
    return this.#result(ids, readers, authors);
  }

  #result(ids, readers, authors) {
    const saw = (reader) => new Set(reader.received.map(({ id }) => id));
    const [without, with_] = [saw(readers.without), saw(readers.with)];
    const lost = (seen) => (100 * ids.filter((id) => !seen.has(id)).length) / ids.length;
    const values = { lost: lost(without), lost_with_cursor: lost(with_) };
    const summary =
      `Of ${ids.length} messages, ${authors} at once, the reader without a cursor lost ` +
      `${digits(values.lost)} %; the one with a cursor lost ${digits(values.lost_with_cursor)} %.`;
    const raw = ids.map((id) => ({ id, without_cursor: without.has(id), with_cursor: with_.has(id) }));
    return {
      raw,
      n: ids.length,
      warmUp: "both were held before the first message",
      values,
      summary,
    };
  }
}

/** The long poll that one would write first: ask what is new, and ask again. */
async function cursorless(url, reader, signal) {
  while (!signal.aborted) {
    const response = await fetch(`${url}/cursorless`, { cache: "no-store", signal }).catch(() => null);
    if (response?.ok) reader.apply(await response.json());
  }
}

function row(label) {
  const marks = element("span.gap-marks");
  const count = element("span.gap-count", {}, "–");
  const show = (ids, reader) => {
    const seen = new Set(reader.received.map(({ id }) => id));
    const shown = ids.map((id) =>
      element(seen.has(id) ? "i.received" : "i.lost", {
        title: `message ${id}: ${seen.has(id) ? "received" : "lost"}`,
      }),
    );
    marks.replaceChildren(...shown);
    const missing = ids.filter((id) => !seen.has(id)).length;
    count.textContent = `${ids.length - missing} of ${ids.length} received, ${missing} lost`;
  };
  const clear = () => marks.replaceChildren();
  return { node: element("div.gap-row", {}, element("strong", {}, label), count, marks), show, clear };
}

customElements.define("gap-lab", GapLab);
