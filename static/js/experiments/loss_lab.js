// <loss-lab>: one connection a transport, over a network that loses some of what is sent.
//
// TCP sends again what was lost, and keeps the order: what came after it waits. The links of the chaos proxy do the same
// (see `loss` in tutorial/laboratory/chaos.py). A message is late when it took more than LATE_MS longer than the network
// needs. Measures: `late` (% of the messages, over a WebSocket), `p95` (ms, the same).

import { openLinks } from "../lab/chaos.js";
import { choice } from "../lab/controls.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sendAt, sleep } from "../lab/room_reader.js";
import { element, shapeOf } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { percentile } from "../site/statistics.js";
import { TRANSPORTS } from "../transports.js";

const LATENCY_MS = 30; // each way
const LATE_MS = 100;
const MESSAGES = 200;
const EVERY_MS = 50;
const SETTLE_MS = 2000;
/** @type {[string, string][]} */
const LOSSES = [
  ["5", "one piece in twenty"],
  ["1", "one piece in a hundred"],
  ["0", "nothing"],
];
const HEADS = ["over", "messages", "p50, ms", "p95, ms", "late, %"];

class LossLab extends Lab {
  static heading = "Lost on the way";

  controls() {
    this.loss = choice("The network loses", LOSSES);
    return [this.loss.node];
  }

  output() {
    this.rows = TRANSPORTS.map(row);
    const heads = HEADS.map((head) => element("th", { scope: "col" }, head));
    const body = element("tbody", {}, ...this.rows.map(({ node }) => node));
    const head = element("thead", {}, element("tr", {}, ...heads));
    return [element("div.scroll", { tabIndex: 0 }, element("table.costs", {}, head, body))];
  }

  async experiment(signal) {
    const loss = Number(this.loss.value());
    const names = TRANSPORTS.map(({ name }) => name);
    const links = await openLinks(names, { signal });
    const path = `/rooms/${ownRoom("loss")}`;
    const readers = names.map((name) => {
      const reader = new RoomReader();
      reader.read(`${links.bases[name]}${path}`, name, { signal });
      return reader;
    });
    this.report("The readers come …");
    await sleep(SETTLE_MS, signal);
    links.set({ latency_ms: LATENCY_MS, loss });
    this.report(`${MESSAGES} messages, twenty a second …`);
    const drawing = setInterval(() => this.#draw(readers), 250);
    signal.addEventListener("abort", () => clearInterval(drawing));
    const moments = Array.from({ length: MESSAGES }, (_, i) => i * EVERY_MS);
    const posted = await sendAt(path, moments, signal);
    await sleep(SETTLE_MS, signal);
    return this.#result(readers, posted, loss);
  }

  #draw(readers) {
    readers.forEach(({ delays }, i) => this.rows[i].show(figuresOf(TRANSPORTS[i], delays)));
  }

  #result(readers, posted, loss) {
    this.#draw(readers);
    const raw = readers.flatMap(({ received }, i) =>
      received.map(({ id, delay }) => ({ transport: TRANSPORTS[i].name, id, delay })),
    );
    const at = TRANSPORTS.findIndex(({ name }) => name === "websocket");
    const { late, p95 } = figuresOf(TRANSPORTS[at], readers[at].delays);
    const missing = readers.reduce((sum, { received }) => sum + posted - received.length, 0);
    const summary =
      `The network lost ${digits(loss)} % of the pieces. Over the WebSocket ${digits(late)} % of the messages were late, and ` +
      `the 95th percentile is ${digits(p95)} ms. ${missing ? `${missing} have not come yet.` : "No message is missing."}`;
    const warmUp = "the readers came before the first message";
    return {
      raw,
      n: raw.length,
      warmUp,
      values: { late: late ?? 0, p95: p95 ?? 0 },
      settings: { loss },
      summary,
    };
  }
}

/** Return what a row shows; a poll that comes each second is late as it is. */
function figuresOf({ name }, delays) {
  const late = delays.filter((delay) => delay > LATENCY_MS + LATE_MS).length;
  return {
    count: delays.length,
    p50: percentile(delays, 0.5),
    p95: percentile(delays, 0.95),
    late: name === "short-polling" || !delays.length ? undefined : (100 * late) / delays.length,
  };
}

function row({ name, label }) {
  const cells = HEADS.slice(1).map(() => element("td", {}, "–"));
  const head = element("th", { scope: "row" }, shapeOf({ name }), ` ${label}`);
  const show = ({ count, p50, p95, late }) =>
    [count, p50, p95, late].forEach((value, i) => (cells[i].textContent = digits(value)));
  return { node: element("tr", {}, head, ...cells), show };
}

customElements.define("loss-lab", LossLab);
