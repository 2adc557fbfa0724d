// The automatic transport: the best that works here, found by trying.
//
// It goes down a ladder, the best transport first: to the next when two attempts failed, or when 5 s passed
// without a first batch. What worked is remembered for the next page. From a lower rung a better one is tried
// again later, beside the one in use, which ends only when the better one has delivered. All start from the
// cursor, so nothing is lost by a change.

import { backOff, pause } from "./retry.js";

const FIRST_BATCH_MS = 5000;
const ATTEMPTS = 2;
const BETTER_AFTER_MS = 10_000; // then twice as long after each trial that failed …
const BETTER_AFTER_MOST_MS = 30 * 60_000; // … up to this

/**
 * @typedef {import("./contract.js").Transport} Transport
 * @typedef {import("./contract.js").Reading} Reading
 * @typedef {object} Memory  of the transport that worked
 * @property {() => string | null} recall
 * @property {(name: string) => void} remember
 */

/**
 * Return a `connect` that reads over the best transport that works.
 * @param {readonly Transport[]} transports
 * @param {Memory} memory
 * @returns {Transport["connect"]}
 */
export function automatic(transports, memory) {
  const ladder = transports.toSorted((a, b) => a.preference - b.preference);
  return (url, reading) => new Fallback(ladder, url, reading, memory).run();
}

/** One reader's way up and down the ladder. */
class Fallback {
  #ladder;
  #url;
  #reading;
  #memory;
  #cursor;
  /** When better transports are tried again. @type {number | undefined} */
  #betterAt;

  /** @param {Transport[]} ladder @param {string} url @param {Reading} reading @param {Memory} memory */
  constructor(ladder, url, reading, memory) {
    this.#ladder = ladder;
    this.#url = url;
    this.#reading = reading;
    this.#memory = memory;
    this.#cursor = reading.cursor;
  }

  async run() {
    const { signal } = this.#reading;
    const remembered = this.#ladder.findIndex(({ name }) => name === this.#memory.recall());
    let trial = await this.#descend(Math.max(0, remembered));
    while (trial && !signal.aborted) {
      this.#memory.remember(this.#ladder[trial.rung].name);
      trial = (await this.#stay(trial)) ?? (await this.#descend(trial.rung + 1));
    }
  }

  /**
   * Find a rung that works, from this one down and again from the top; null when it was in vain.
   * @param {number} from
   */
  async #descend(from) {
    const { signal, onState } = this.#reading;
    const { length } = this.#ladder;
    this.#betterAt = undefined;
    let refused = ""; // by the lowest rung, whose answers can be read
    for (let tried = 0; !signal.aborted; tried++) {
      const trial = this.#try((from + tried) % length, true);
      if (await trial.works) return trial;
      trial.end();
      if (trial.rung === length - 1) refused = trial.refused;
      if ((tried + 1) % length) continue;
      if (refused) return (onState({ name: "refused", why: refused }), null);
      const wait = backOff(Math.floor(tried / length) + 1);
      onState({ name: "retrying", until: performance.now() + wait, why: "nothing gets through" });
      await pause(wait, signal);
    }
    return null;
  }

  /**
   * Stay on a rung until it fails (null), or until a better one works (which is returned).
   * @param {Trial} trial
   */
  async #stay(trial) {
    for (let wait = BETTER_AFTER_MS; ; wait = Math.min(2 * wait, BETTER_AFTER_MOST_MS)) {
      const jittered = wait * (0.9 + 0.2 * Math.random());
      const due =
        trial.rung === 0 ? undefined : pause(jittered, trial.signal).then(() => !trial.signal.aborted);
      const failed = trial.failed.then(() => false);
      this.#betterAt = due && performance.now() + jittered;
      trial.show();
      if (!(await (due ? Promise.race([due, failed]) : failed))) return (trial.end(), null);
      for (let rung = 0; rung < trial.rung && !trial.signal.aborted; rung++) {
        const better = this.#try(rung, false);
        if (await better.works) return (trial.end(), better.show());
        better.end();
      }
    }
  }

  /** @param {number} rung @param {boolean} shown  whether its states are shown */
  #try(rung, shown) {
    const failed = this.#ladder.slice(0, rung);
    const { onBatch, onState, ...reading } = this.#reading;
    return new Trial(rung, this.#ladder[rung], this.#url, shown, {
      ...reading,
      cursor: this.#cursor,
      onState: (state) => onState({ ...state, over: this.#ladder[rung], failed, betterAt: this.#betterAt }),
      onBatch: (batch) => {
        this.#cursor = batch.cursor;
        onBatch(batch, this.#ladder[rung]);
      },
    });
  }
}

/** One transport that is tried, and perhaps stays in use. */
class Trial {
  refused = "";
  #ending = new AbortController();
  #failures = 0;
  /** @type {import("./contract.js").State | null} */
  #state = null;

  /**
   * @param {number} rung
   * @param {Transport} transport
   * @param {string} url
   * @param {boolean} shown
   * @param {Reading} reading
   */
  constructor(rung, transport, url, shown, reading) {
    this.rung = rung;
    this.signal = AbortSignal.any([reading.signal, this.#ending.signal]);
    this.shown = shown;
    this.onState = reading.onState;
    /** @type {Promise<void>} */
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
      this.signal.addEventListener("abort", () => resolve());
    });
    /** @type {Promise<boolean>} */
    this.works = new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), FIRST_BATCH_MS);
      this.failed.then(() => resolve(false));
      const onBatch = (/** @type {import("./contract.js").Batch} */ batch) => {
        if (this.signal.aborted) return;
        clearTimeout(late);
        this.#failures = 0;
        reading.onBatch(batch);
        resolve(true);
      };
      const onState = (/** @type {import("./contract.js").State} */ state) => this.#follow(state);
      transport.connect(url, { ...reading, signal: this.signal, onBatch, onState });
    });
  }

  /** Show what it does, from now on. */
  show() {
    this.shown = true;
    if (this.#state) this.onState(this.#state);
    return this;
  }

  /** End it. */
  end() {
    this.#ending.abort();
  }

  /** @param {import("./contract.js").State} state */
  #follow(state) {
    if (this.signal.aborted) return;
    this.#state = state;
    if (state.name === "refused") this.refused = state.why ?? "refused";
    if (state.name === "retrying") this.#failures += 1;
    if (this.refused || this.#failures === ATTEMPTS) this.fail?.();
    else if (this.shown) this.onState(state);
  }
}
