// <interval-lab>: how stale is a chat that is polled every T seconds, and what does its silence cost?
//
// Measures: `mean` (ms), `p95` (ms), `empty` (% of the answers), `silence` (bytes a minute when nobody
// speaks).

import { slider } from "../lab/controls.js";
import { mean, moments, percentile, seeded } from "../site/statistics.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sleep, sendAt } from "../lab/room_reader.js";
import { Plot } from "../lab/plot.js";
import { MeteredNetwork } from "../metering/metered_network.js";
import { digits, size } from "../site/formatting.js";

const SEED = 2;
const RATE = 3; // messages a second, while there are fewer than MOST
const MOST = 60;
const LEAST_MS = 20_000;

class IntervalLab extends Lab {
  static heading = "Poll every T seconds, and see how late each message is";

  controls() {
    this.interval = slider("T, the interval", {
      least: 0.2,
      most: 60,
      value: 1,
      unit: "s",
      name: "interval",
    });
    return [this.interval.node];
  }

  output() {
    this.plot = new Plot("Delay of each message, in ms");
    this.#show([], this.interval.value() * 1000);
    this.plot.node.dataset.transport = "short-polling";
    return [this.plot.node];
  }

  async experiment(signal) {
    const interval = this.interval.value() * 1000;
    const length = Math.max(this.setting("least-ms", LEAST_MS), 2 * interval);
    const end = performance.now() + length + interval; // the last message may wait for a whole interval
    const count = Math.min(MOST, Math.round((length / 1000) * RATE));
    const url = `/rooms/${ownRoom("interval")}`;
    const network = new MeteredNetwork();
    const reader = new RoomReader(() => this.#show(reader.delays, interval));
    reader.read(url, "short-polling", { signal, interval, network });
    await sleep(300, signal);
    const before = { batches: reader.batches, empty: reader.empty };
    const saying = sendAt(url, moments(count, length, seeded(SEED)), signal);
    for (let left = length; left > 0; left -= 500) {
      this.#progress(reader, count, end);
      await sleep(Math.min(500, left), signal);
    }
    const answers = reader.batches - before.batches;
    const empty = (100 * (reader.empty - before.empty)) / Math.max(1, answers);
    const posted = await saying;
    while (reader.received.length < posted) {
      this.#progress(reader, count, end);
      await sleep(50, signal);
    }
    return this.#result(reader, interval, empty, network, count / (length / 1000));
  }

  #progress({ received }, count, end) {
    this.report(
      `${received.length} of ${count} messages have come; at most ` +
        `${Math.max(1, Math.ceil((end - performance.now()) / 1000))} s to go.`,
    );
  }

  #show(delays, interval) {
    const found = [
      { at: interval / 2, label: "T/2" },
      { at: mean(delays), label: `mean ${digits(mean(delays))} ms` },
    ];
    const marks = delays.length ? found : []; // an empty picture must not answer the bet
    this.plot.histogram(delays, { label: "delay, ms", most: interval * 1.15 }, marks);
  }

  #result({ delays, received, batches }, interval, empty, { entries }, rate) {
    const polls = entries.filter(({ end, failed }) => end !== null && !failed);
    const cheapest = Math.min(...polls.map(({ up, down }) => up + down)); // an empty one
    const silence = (cheapest * 60_000) / interval;
    const values = { mean: mean(delays), p95: percentile(delays, 0.95), empty, silence };
    const summary =
      `Mean delay ${digits(values.mean)} ms; T/2 is ${digits(interval / 2)} ms. ${digits(empty)} % ` +
      `of the answers were empty, at ` +
      `${digits(rate)} messages a second. A minute of silence costs ${size(silence)}: an empty poll ` +
      `is ${size(cheapest)}.`;
    return {
      raw: received.map((one) => ({ ...one, interval })),
      delays,
      seed: SEED,
      warmUp: `the first poll of ${batches}`,
      values,
      summary,
    };
  }
}

customElements.define("interval-lab", IntervalLab);
