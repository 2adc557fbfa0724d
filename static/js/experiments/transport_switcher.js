// <transport-switcher>: one reader changes its transport every second while people write, and misses nothing.
//
// Measures: `lost`, `doubled` (messages), `switches`.

import { choice } from "../lab/controls.js";
import { Lab } from "../lab/lab.js";
import { ownRoom, sendAt, sleep } from "../lab/room_reader.js";
import { MeteredReader } from "../metering/metered_reader.js";
import { element, shapeOf } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { moments, seeded } from "../site/statistics.js";
import { TRANSPORTS } from "../transports.js";

const SEED = 8;
const LENGTH_MS = 12_000;
const COUNT = 96;

class TransportSwitcher extends Lab {
  static heading = "One conversation, over every transport";

  controls() {
    this.every = choice(
      "Change the transport every",
      [
        ["1000", "second"],
        ["300", "0.3 s"],
        ["3000", "3 s"],
      ],
      "every",
    );
    return [this.every.node];
  }

  output() {
    this.shown = TRANSPORTS.map((transport) => {
      const { name, label } = transport;
      return element(
        "li",
        { "data-transport": name },
        shapeOf(transport),
        ` ${label} `,
        element("span", {}, "–"),
      );
    });
    this.meter = element("p.lab-counter", {}, "received 0 · lost 0 · doubled 0 · out of order 0");
    return [element("ul.transports-in-use", {}, ...this.shown), this.meter];
  }

  async experiment(signal) {
    const url = `/rooms/${ownRoom("switching")}`;
    const received = new Map(TRANSPORTS.map(({ name }) => [name, 0]));
    const raw = [];
    const reader = new MeteredReader(url, {
      onArrival: ({ added, over: { name } }) => {
        received.set(name, received.get(name) + added.length);
        raw.push(...added.map(({ id }) => ({ id, transport: name, at: performance.now() })));
        this.#show(reader, received);
      },
    });
    signal.addEventListener("abort", () => reader.stop());
    const random = seeded(SEED);
    reader.use(TRANSPORTS[0]);
    await sleep(500, signal);
    const length = this.setting("length-ms", LENGTH_MS);
    const at = moments(this.setting("count", COUNT), length, random);
    const sending = sendAt(url, at, signal);
    const switches = await this.#change(reader, received, length, signal);
    const posted = await sending;
    for (let tries = 40; reader.meter.received < posted && tries > 0; tries--) await sleep(100, signal);
    return this.#result(reader, raw, posted, switches);
  }

  async #change(reader, received, length, signal) {
    let switches = 0;
    for (let left = length; left > 0; left -= Number(this.every.value())) {
      reader.use(TRANSPORTS[++switches % TRANSPORTS.length]);
      this.#show(reader, received);
      this.report(`Change number ${switches}: now ${reader.transport.label}.`);
      await sleep(Number(this.every.value()), signal);
    }
    return switches;
  }

  #show({ transport, meter }, counts) {
    this.shown.forEach((item) => {
      item.classList.toggle("open", item.dataset.transport === transport.name);
      item.lastElementChild.textContent = digits(counts.get(item.dataset.transport));
    });
    const { received, lost, doubled, outOfOrder } = meter;
    const counters = [
      `received ${received}`,
      `lost ${lost}`,
      `doubled ${doubled}`,
      `out of order ${outOfOrder}`,
    ];
    this.meter.textContent = counters.join(" · ");
  }

  #result({ meter, delays }, raw, posted, switches) {
    const lost = posted - meter.received;
    const summary =
      `${posted} messages, ${switches} changes of transport: ${lost} lost, ${meter.doubled} doubled, ` +
      `${meter.outOfOrder} out of order; ${meter.dropped} dropped, which came a second time while two ` +
      "transports were in use.";
    const [p50, p95] = [0.5, 0.95].map((p) => delays.percentile(p));
    const values = { lost, doubled: meter.doubled, switches, p50, p95 };
    return {
      raw,
      n: posted,
      seed: SEED,
      warmUp: "0.5 s",
      values,
      summary,
    };
  }
}

customElements.define("transport-switcher", TransportSwitcher);
