// <herd-lab>: thirty pollers that start together stay together, until jitter parts them.
//
// They run in a process of their own on this machine: a browser has six connections. Measure: `peak` (the
// share of all polls, in %, that arrive in the busiest twentieth of the interval, over the last three
// rounds).

import { choice } from "../lab/controls.js";
import { element } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { Lab } from "../lab/lab.js";
import { Plot } from "../lab/plot.js";
import { start } from "../lab/runs.js";

const POLLERS = 30;
const INTERVAL = 1;
const SECONDS = 12;
const SLOTS = 20;
const SEED = 3;

class HerdLab extends Lab {
  static heading = `Start ${POLLERS} pollers in the same instant`;

  controls() {
    this.jitter = choice(
      "Jitter",
      [
        ["0", "none"],
        ["0.1", "± 10 % of T"],
        ["0.3", "± 30 % of T"],
      ],
      "jitter",
    );
    return [this.jitter.node];
  }

  output() {
    this.plot = new Plot(`Each row is a poller, each mark a poll; T is ${INTERVAL} s`);
    this.plot.timeline([], { label: "s", most: SECONDS });
    return [
      this.plot.node,
      element(
        "p.small",
        {},
        "The pollers are real: another process on this machine, over sockets of its own.",
      ),
    ];
  }

  async experiment(signal) {
    const polls = [];
    const seconds = this.setting("seconds", SECONDS);
    const given = {
      pollers: POLLERS,
      interval: INTERVAL,
      jitter: Number(this.jitter.value()),
      seconds,
      seed: SEED,
    };
    let drawn = 0;
    for await (const { poller, at } of start("herd", given, signal)) {
      if (at === undefined) continue;
      polls.push({ poller, at });
      if (at - drawn < 0.5) continue;
      drawn = at;
      this.#show(polls);
    }
    this.#show(polls);
    const peak = 100 * busiest(polls.filter(({ at }) => at > seconds - 3 * INTERVAL));
    const summary =
      `The busiest twentieth of a second-long round got ${digits(peak)} % of the polls; evenly spread ` +
      `it would be ${100 / SLOTS} %.`;
    return {
      raw: polls,
      n: polls.length,
      seed: SEED,
      warmUp: `the first ${seconds - 3} s`,
      values: { peak, polls: polls.length },
      summary,
    };
  }

  #show(polls) {
    const rows = Array.from({ length: POLLERS }, (_, i) => ({
      label: "",
      transport: "short-polling",
      spans: [],
    }));
    for (const { poller, at } of polls) rows[poller].spans.push({ from: at, to: at, kind: "poll" });
    this.plot.timeline(rows, { label: "s", most: SECONDS });
    this.report(`${polls.length} polls so far.`);
  }
}

/** Give the share of polls in the busiest twentieth of the interval, wherever it begins. */
function busiest(polls) {
  const phases = polls.map(({ at }) => at % INTERVAL).toSorted((a, b) => a - b);
  const round = [...phases, ...phases.map((phase) => phase + INTERVAL)];
  const width = INTERVAL / SLOTS;
  let most = 0;
  for (let first = 0, last = 0; first < phases.length; first++) {
    while (last < round.length && round[last] < round[first] + width) last++;
    most = Math.max(most, last - first);
  }
  return most / polls.length;
}

customElements.define("herd-lab", HerdLab);
