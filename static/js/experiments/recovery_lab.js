// <recovery-lab>: connections are cut, go silent, and the server restarts – which reader notices, and which one
// comes back with everything?
//
// The server is a disposable one, really restarted; each reader has a link of its own (recovery_readers.js).
// Measures: `lost_naive`, `lost_ours` (messages that are missing, and no gap was reported), `slowest` (ms, our
// slowest return after a cut), and `back_short`, `back_long`, `back_websocket` (ms, return after the cut).

import { openLinks } from "../lab/chaos.js";
import { button, choice } from "../lab/controls.js";
import { Lab } from "../lab/lab.js";
import { ResultTable } from "../lab/result_table.js";
import { ownRoom, sleep, send } from "../lab/room_reader.js";
import { pause } from "../client/retry.js";
import { element, shapeOf } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { TRANSPORTS } from "../transports.js";
import { HASTY, NAMES, RecoveryReaders } from "./recovery_readers.js";

const EVERY_MS = 250; // a message
const CALM_MS = 2000; // before the first cut
/** What is done, and how long we watch, in ms. @type {[string, number][]} */
const DRILL = [
  ["cut", 4000],
  ["freeze", 3000],
  ["thaw", 2000],
  ["restart", 6000],
];
const HEADS = ["reader", "now", "received", "missing", "doubled", "gaps", "back in"];

class RecoveryLab extends Lab {
  static heading = "Cut it, freeze it, restart it";
  /** @type {import("../lab/chaos.js").Links | null} */
  #links = null;
  #readers = new RecoveryReaders();

  controls() {
    this.store = choice(
      "The server keeps its messages in",
      [
        ["sqlite", "a file"],
        ["memory", "memory, forgotten on restart"],
      ],
      "store",
    );
    this.hands = ["cut", "freeze", "thaw", "restart"].map((act) => button(act, () => this.#do(act)));
    this.hands.forEach((hand) => (hand.disabled = true));
    return [this.store.node, element("div.hands", {}, ...this.hands)];
  }

  output() {
    const ours = TRANSPORTS.map(({ name, label }) => [name, shapeOf({ name }), ` ${label}`]);
    const rows = /** @type {[string, ...(Node | string)[]][]} */ ([...ours, [HASTY, "written in a hurry"]]);
    this.table = new ResultTable({ kind: "recovery", heads: HEADS, rows });
    for (const name of NAMES) this.table.row(name).dataset.transport = name;
    return [this.table.node];
  }

  async experiment(signal) {
    this.report("A disposable server starts …");
    this.#readers = new RecoveryReaders();
    const links = await openLinks([...NAMES, "author"], { signal, server: this.store.value() });
    this.#links = links;
    const room = ownRoom("recovery");
    const urlOf = (/** @type {string} */ name) => `${links.bases[name]}/rooms/${room}`;
    const drawing = setInterval(() => this.#draw(), 200);
    signal.addEventListener("abort", () => this.#end(drawing));
    this.report("The readers come …");
    await this.#readers.begin(Object.fromEntries(NAMES.map((name) => [name, urlOf(name)])), signal);
    const talking = new AbortController();
    this.#talk(urlOf("author"), AbortSignal.any([signal, talking.signal]));
    await this.#readers.arrived(signal);
    this.hands.forEach((hand) => (hand.disabled = false));
    await this.#drill(signal);
    talking.abort();
    this.report("No more messages come: now we count what each reader has.");
    await sleep(1500, signal);
    for (let tries = 100; this.#readers.lost && tries > 0; tries--) await sleep(100, signal); // a back-off may still run
    this.#draw();
    return this.#result();
  }

  async #drill(signal) {
    const pace = this.setting("pace", 1);
    this.report("All is well; the first cut comes in a moment.");
    await sleep(CALM_MS * pace, signal);
    for (const [act, watch] of DRILL) {
      this.report(`${act[0].toUpperCase()}${act.slice(1)}: watch for ${digits((watch * pace) / 1000)} s.`);
      this.#do(act);
      await sleep(watch * pace, signal);
    }
  }

  async #talk(url, signal) {
    const readers = this.#readers;
    for (let number = 1; !signal.aborted; number++) {
      send(url, `message ${number}`, signal).then(
        () => (readers.sent += 1),
        () => {}, // the server may be away
      );
      await pause(EVERY_MS, signal);
    }
  }

  #do(act) {
    if (act === "restart") return this.#links?.set({ do: act });
    for (const name of NAMES) this.#links?.set({ link: name, do: act });
    if (act === "cut") this.#readers.cut();
  }

  #draw() {
    for (const name of NAMES) {
      const { reader, words, back } = this.#readers.of(name);
      const { received, doubled, gaps, exact } = reader.meter;
      const missing = this.#readers.missing(name);
      const returned = back === null ? "–" : `${digits(back)} ms`;
      this.table.show(name, [words(), received, missing, doubled, gaps, returned]);
      this.table.row(name).classList.toggle("broken", !exact || missing >= 8);
    }
  }

  #end(drawing) {
    clearInterval(drawing);
    this.hands.forEach((hand) => (hand.disabled = true));
    this.#links = null;
  }

  #result() {
    const { all, lost, reported, slowest } = this.#readers;
    const returns = TRANSPORTS.map(({ name }) => [
      `back_${name.split("-")[0]}`,
      this.#readers.of(name).back ?? undefined,
    ]);
    const naive = this.#readers.missing(HASTY);
    const values = { lost_ours: lost, lost_naive: naive, slowest, ...Object.fromEntries(returns) };
    const gone = reported
      ? ` ${reported} went with the server’s memory, and each of ours got a gap that says it.`
      : "";
    const summary =
      `${all} messages: ours miss ${lost} without a gap, and the slowest was back ${digits(slowest)} ms after ` +
      `the cut; the one written in a hurry misses ${naive}.${gone}`;
    const raw = NAMES.flatMap((name) =>
      this.#readers.of(name).reader.received.map((one) => ({ reader: name, ...one })),
    );
    return { raw, n: all, warmUp: "2 s before the first cut; the back-off is by chance", values, summary };
  }
}

customElements.define("recovery-lab", RecoveryLab);
