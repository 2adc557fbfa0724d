// <transport-switcher>: one reader changes its door every second while people talk, and misses nothing.
//
// Measures: `lost`, `doubled` (messages), `switches`.

import { choice } from "../lab/controls.js";
import { element, shapeOf } from "../site/element.js";
import { digits, moments, seeded } from "../site/statistics.js";
import { Lab } from "../lab/lab.js";
import { ownRoom, rest, sayAt } from "../lab/room_reader.js";
import { Reader } from "../metering/metered_reader.js";
import { TRANSPORTS } from "../transports.js";

const SEED = 8;
const LENGTH_MS = 12_000;
const COUNT = 96;

class TransportSwitcher extends Lab {
  static heading = "One conversation, through every door";

  controls() {
    this.every = choice("Change the door every", [["1000", "second"], ["300", "0.3 s"], ["3000", "3 s"]]);
    return [this.every.node];
  }

  output() {
    this.doors = TRANSPORTS.map(({ name, label }) => {
      const door = element("li", {}, shapeOf({ name }), ` ${label} `, element("span", {}, "–"));
      door.dataset.transport = name;
      return door;
    });
    this.meter = element("p.lab-counter", {}, "received 0 · lost 0 · doubled 0 · out of order 0");
    return [element("ul.doors-open", {}, ...this.doors), this.meter];
  }

  async experiment(signal) {
    const url = `/rooms/${ownRoom("doors")}`;
    const through = new Map(TRANSPORTS.map(({ name }) => [name, 0]));
    const raw = [];
    const reader = new Reader(url, {
      onMessages: (added) => {
        const { name } = reader.transport;
        through.set(name, through.get(name) + added.length);
        raw.push(...added.map(({ id }, i) => ({ id, transport: name, at: performance.now() })));
        this.#show(reader, through);
      },
      onState: () => {},
    });
    signal.addEventListener("abort", () => reader.stop());
    const random = seeded(SEED);
    reader.use(TRANSPORTS[0]);
    await rest(500, signal);
    const saying = sayAt(url, moments(COUNT, LENGTH_MS, random), signal);
    let switches = 0;
    for (let left = LENGTH_MS; left > 0; left -= Number(this.every.value())) {
      reader.use(TRANSPORTS[++switches % TRANSPORTS.length]);
      this.#show(reader, through);
      this.say(`Change number ${switches}: now ${reader.transport.label}.`);
      await rest(Number(this.every.value()), signal);
    }
    const posted = await saying;
    for (let patience = 40; reader.meter.received < posted && patience > 0; patience--) await rest(100, signal);
    return this.#result(reader, raw, posted, switches);
  }

  #show({ transport, meter }, through) {
    this.doors.forEach((door) => {
      door.classList.toggle("open", door.dataset.transport === transport.name);
      door.lastElementChild.textContent = digits(through.get(door.dataset.transport));
    });
    const { received, lost, doubled, outOfOrder } = meter;
    this.meter.textContent = `received ${received} · lost ${lost} · doubled ${doubled} · out of order ${outOfOrder}`;
  }

  #result({ meter, delays }, raw, posted, switches) {
    const lost = posted - meter.received;
    const said = `${posted} messages, ${switches} changes of door: ${lost} lost, ${meter.doubled} doubled, ${meter.outOfOrder} out of order; ${meter.dropped} came a second time while two doors were open, and dropped.`;
    const heard = [0.5, 0.95].map((p) => delays.percentile(p));
    return { raw, n: posted, seed: SEED, settings: { every: this.every.value() }, warmUp: "0.5 s", values: { lost, doubled: meter.doubled, switches, p50: heard[0], p95: heard[1] }, said };
  }
}

customElements.define("transport-switcher", TransportSwitcher);
