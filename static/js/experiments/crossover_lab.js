// <crossover-lab>: at which rate of messages does which transport cost what?
//
// Ten readers in a process of their own read the same messages over each transport in turn, and count their
// requests and bytes; the server counts its processor time. Measures: `crossover` (messages a second at which
// long polling asks as often as short polling; of a sweep), `requests_…`, `cpu_…` and `p50_…` of each
// transport at the last rate.

import { choice, slider } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { percentile } from "../site/statistics.js";
import { Lab } from "../lab/lab.js";
import { Plot } from "../lab/plot.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

const READERS = 10;
const SECONDS = 4;
const SEED = 5;
const SWEEP = [0.25, 0.5, 1, 2, 5, 20, 60];
/** @type {[string, string][]} */
const SHOWN = [
  ["requests_asked_per_second", "requests a second, all readers"],
  ["cpu_percent", "server processor time, %"],
  ["bytes_per_second", "bytes a second, all readers"],
  ["p50", "median delay, ms"],
];

class CrossoverLab extends Lab {
  static heading = "Turn up the messages, and watch the lines cross";
  static advice =
    "Close all other tabs of this site before you run this: the server’s processor time includes them. " +
    "A sweep takes more than two minutes.";
  #points = [];

  controls() {
    this.rates = choice("Measure", [
      ["one", "the rate of the slider"],
      [
        "sweep",
        `a sweep of ${SWEEP.length} rates, about ` +
          `${Math.round(SWEEP.length * TRANSPORTS.length * (SECONDS + 2))} s`,
      ],
    ]);
    this.rate = slider("messages a second", { least: 0.1, most: 200, value: 2, unit: "/s", name: "rate" });
    this.interval = slider("T of short polling", {
      least: 0.2,
      most: 5,
      value: 1,
      unit: "s",
      name: "interval",
    });
    this.delay = slider("long polling waits for more", {
      least: 0,
      most: 200,
      value: 0,
      unit: "ms",
      log: false,
      name: "delay_ms",
    });
    this.shown = choice("Show", SHOWN);
    this.shown.input.addEventListener("change", () => this.#show());
    return [this.rates.node, this.rate.node, this.interval.node, this.delay.node, this.shown.node];
  }

  output() {
    this.plot = new Plot("What each transport costs at each rate");
    this.#show();
    const note = element(
      "p.small",
      {},
      `${READERS} readers over each transport in turn. What is pushed makes no requests, so it has ` +
        `no line among them.`,
    );
    return [this.plot.node, note];
  }

  async experiment(signal) {
    const sweep = this.rates.value() === "sweep";
    const rates = sweep ? SWEEP : [this.rate.value()];
    const given = {
      rates,
      readers: READERS,
      seconds: this.setting("seconds", SECONDS),
      interval: this.interval.value(),
      delay_ms: Math.round(this.delay.value()),
      seed: SEED,
    };
    const measured = [];
    this.#points = this.#points.filter(({ interval }) => interval === given.interval); // or they share no plot
    this.report("The readers connect …");
    for await (const point of start("rates", given, signal)) {
      if (point.done) continue;
      const { delays_ms: delays, ...sleep } = point;
      measured.push({ ...sleep, delays, p50: percentile(delays, 0.5) ?? 0, delivered: delays.length });
      const wait = point.transport === "long-polling" ? given.delay_ms : 0;
      const same = (old) => old.rate === point.rate && old.transport === point.transport && old.wait === wait;
      Object.assign(measured.at(-1), { wait, interval: given.interval });
      this.#points = [...this.#points.filter((old) => !same(old)), measured.at(-1)];
      this.#show();
      this.report(
        `${point.transport} at ${digits(point.rate)} messages a second is measured: ` +
          `${measured.length} of ${rates.length * TRANSPORTS.length}.`,
      );
    }
    return this.#result(measured, given);
  }

  #show() {
    const [member, label] = SHOWN.find(([name]) => name === this.shown.value());
    const waits = [...new Set([0, ...this.#points.map(({ wait }) => wait)])];
    const kinds = TRANSPORTS.flatMap((transport) => waits.map((wait) => ({ ...transport, wait })));
    const series = kinds.map(({ name, label: transport, wait }) => ({
      label: wait ? `${transport}, waiting ${digits(wait)} ms` : transport,
      transport: name,
      variant: waits.indexOf(wait),
      points: this.#points
        .filter((point) => point.transport === name && point.wait === wait)
        .map((point) => [point.rate, point[member]]),
    }));
    const drawn = series.filter(({ points }) => points.some(([, y]) => y > 0));
    this.plot.lines(
      drawn.length ? drawn : series.filter(({ variant }) => !variant),
      { label: "messages a second", log: true },
      { label, log: true },
    );
  }

  #result(measured, { interval, seed }) {
    const last = (name) => measured.findLast(({ transport }) => transport === name);
    const values = {};
    for (const { name } of TRANSPORTS) {
      const { requests_asked_per_second, cpu_percent, p50 } = last(name);
      Object.assign(values, {
        [`requests_${name}`]: requests_asked_per_second,
        [`cpu_${name}`]: cpu_percent,
        [`p50_${name}`]: p50,
      });
    }
    values.crossover = crossing(measured) ?? undefined;
    const summary =
      `At ${digits(measured.at(-1).rate)} messages a second: ${digits(values["requests_short-polling"])} ` +
      `requests a second by short polling, ${digits(values["requests_long-polling"])} by long polling. ` +
      (values.crossover
        ? `They cross near ${digits(values.crossover)} messages a second; 1/T is ${digits(1 / interval)}.`
        : "A sweep shows where they cross.");
    const raw = measured.map(({ delays, ...point }) => ({ ...point, delays_ms: delays.join(" ") }));
    return {
      raw,
      n: measured.reduce((sum, { delivered }) => sum + delivered, 0),
      seed,
      warmUp: "0.6 s",
      values,
      summary,
    };
  }
}

/**
 * Give the rate at which long polling's requests pass short polling's, between two measured rates (straight
 * in factors).
 */
function crossing(points) {
  const ratioAt = (rate) => {
    const of = (name) =>
      points.find((point) => point.rate === rate && point.transport === name && !point.wait)
        ?.requests_asked_per_second;
    return Math.log(of("long-polling") / of("short-polling"));
  };
  const rates = [...new Set(points.map(({ rate }) => rate))].toSorted((a, b) => a - b);
  for (let i = 1; i < rates.length; i++) {
    const [low, high] = [ratioAt(rates[i - 1]), ratioAt(rates[i])];
    if (low <= 0 && high > 0) return rates[i - 1] * (rates[i] / rates[i - 1]) ** (-low / (high - low));
  }
  return null;
}

customElements.define("crossover-lab", CrossoverLab);
