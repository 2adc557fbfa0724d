// <recovery-lab>: the wire is cut, goes silent, and the server restarts – who notices, and who comes back
// with everything?
//
// The server is a throw-away one, really restarted; each reader has a wire of its own. Beside our transports
// reads one that was written in a hurry: a WebSocket without a cursor that never reconnects. Measures:
// `lost_naive`, `lost_ours` (messages that are missing, and no gap was told), `slowest` (ms, our slowest
// return after a cut), and `back_short`, `back_long`, `back_websocket` (ms, return after the cut).

import { openLinks } from "../lab/chaos.js";
import { button, choice } from "../lab/controls.js";
import { element, shapeOf } from "../site/element.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, sleep, send } from "../lab/room_reader.js";
import { pause } from "../client/retry.js";
import { TRANSPORTS } from "../transports.js";
import { digits, stateInWords } from "../site/formatting.js";

const EVERY_MS = 250; // somebody says something
/** @type {[string, number][]} */
const DRILL = [
  ["cut", 4000],
  ["freeze", 3000],
  ["thaw", 2000],
  ["restart", 6000],
]; // what is done, and how long we watch
const NAIVE = "naive";

class RecoveryLab extends Lab {
  static heading = "Cut it, freeze it, restart it";
  #links = null;
  sent = 0;

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
    this.rows = new Map(
      [...TRANSPORTS.map(({ name, label }) => [name, label]), [NAIVE, "written in a hurry"]].map(
        ([name, label]) => [name, row(name, label)],
      ),
    );
    const heads = ["reader", "now", "received", "missing", "doubled", "gaps told", "back in"].map((text) =>
      element("th", { scope: "col" }, text),
    );
    const body = element("tbody", {}, ...[...this.rows.values()].map(({ node }) => node));
    return [
      element(
        "div.scroll",
        { tabIndex: 0 },
        element("table.recovery", {}, element("thead", {}, element("tr", {}, ...heads)), body),
      ),
    ];
  }

  async experiment(signal) {
    this.report("A throw-away server starts …");
    this.names = [...TRANSPORTS.map(({ name }) => name), NAIVE];
    this.#links = await openLinks([...this.names, "author"], { signal, server: this.store.value() });
    this.readers = new Map(
      this.names.map((name) => [
        name,
        { reader: new RoomReader(() => this.#received(name)), state: null, back: null, cutAt: null },
      ]),
    );
    const room = ownRoom("recovery");
    for (const name of this.names) this.#read(name, `${this.#links.bases[name]}/rooms/${room}`, signal);
    const drawing = setInterval(() => this.#draw(), 200);
    signal.addEventListener("abort", () => this.#end(drawing));
    const talking = new AbortController();
    this.report("The readers come …");
    while ([...this.readers.values()].some(({ reader }) => !reader.batches)) await sleep(50, signal);
    this.#talk(`${this.#links.bases.author}/rooms/${room}`, AbortSignal.any([signal, talking.signal]));
    this.hands.forEach((hand) => (hand.disabled = false));
    await sleep(2000, signal);
    for (const [act, watch] of DRILL) {
      this.report(`${act[0].toUpperCase()}${act.slice(1)}: watch for ${watch / 1000} s.`);
      this.#do(act);
      await sleep(watch, signal);
    }
    talking.abort();
    this.report("Nobody talks any more: who has everything?");
    await sleep(1500, signal);
    for (let tries = 100; this.#lost && tries > 0; tries--) await sleep(100, signal); // a back-off may still run
    this.#draw();
    return this.#result();
  }

  #read(name, url, signal) {
    const { reader } = this.readers.get(name);
    const onState = (state) => (this.readers.get(name).state = state);
    if (name !== NAIVE) return reader.read(url, name, { signal, onState });
    const socket = new WebSocket(`${url}/websocket`.replace(/^http/, "ws"));
    socket.addEventListener("open", () => onState({ name: "open", since: performance.now() }));
    socket.addEventListener("message", ({ data }) => reader.apply(JSON.parse(data)));
    socket.addEventListener("close", () => onState({ name: "closed for good" }));
    signal.addEventListener("abort", () => socket.close());
  }

  async #talk(url, signal) {
    this.sent = 0;
    while (!signal.aborted) {
      send(url, `message ${this.sent + 1}`, signal).then(
        () => (this.sent += 1),
        () => {},
      );
      await pause(EVERY_MS, signal);
    }
  }

  #do(act) {
    if (act === "restart") return this.#links?.set({ do: act });
    for (const name of this.names) this.#links?.set({ link: name, do: act });
    if (act !== "cut") return;
    for (const reader of this.readers.values())
      Object.assign(reader, { cutAt: performance.now(), back: null });
  }

  #received(name) {
    const reader = this.readers.get(name);
    if (reader.cutAt !== null && reader.back === null) reader.back = performance.now() - reader.cutAt;
  }

  /**
   * How many messages there are: what was acknowledged, or, when an ack was lost on the way, what anybody has
   * heard.
   */
  get #all() {
    return Math.max(this.sent, ...[...this.readers.values()].map(({ reader }) => seen(reader)));
  }

  /** The most messages that one of ours misses without a gap. */
  get #lost() {
    const ours = TRANSPORTS.map(({ name }) => this.readers.get(name).reader);
    return Math.max(...ours.map((reader) => (reader.meter.gaps ? 0 : this.#missing(reader))));
  }

  #missing(reader) {
    return this.#all - seen(reader);
  }

  #draw() {
    for (const [name, { reader, state, back }] of this.readers) {
      const { received, doubled, gaps, exact } = reader.meter;
      const missing = this.#missing(reader);
      const words =
        state?.name === "closed for good" ? state.name : state ? stateInWords(state) : "connecting";
      this.rows
        .get(name)
        .show(
          [words, received, missing, doubled, gaps, back === null ? "–" : `${digits(back)} ms`],
          exact && missing < 8,
        );
    }
  }

  #end(drawing) {
    clearInterval(drawing);
    this.hands.forEach((hand) => (hand.disabled = true));
    this.#links = null;
  }

  #result() {
    const ours = TRANSPORTS.map(({ name }) => ({ name, ...this.readers.get(name) }));
    const naive = this.readers.get(NAIVE).reader;
    const backs = Object.fromEntries(
      ours.map(({ name, back }) => [`back_${name.split("-")[0]}`, back ?? undefined]),
    );
    const lost = this.#lost;
    const told = Math.max(...ours.map(({ reader }) => (reader.meter.gaps ? this.#missing(reader) : 0)));
    const values = {
      lost_ours: lost,
      lost_naive: this.#missing(naive),
      slowest: Math.max(...ours.map(({ back }) => back ?? 0)),
      ...backs,
    };
    const gone = told ? ` ${told} went with the server’s memory, and each of ours was told of the gap.` : "";
    const summary =
      `${this.#all} messages: ours miss ${lost} without being told, and heard again ` +
      `${digits(values.slowest)} ms after the cut at the latest; the one written in a hurry misses ` +
      `${values.lost_naive}.${gone}`;
    const raw = [...this.readers].flatMap(([name, { reader }]) =>
      reader.received.map((one) => ({ reader: name, ...one })),
    );
    return {
      raw,
      n: this.#all,
      warmUp: "2 s before the first cut; the back-off is by chance",
      values,
      summary,
    };
  }
}

/** Count what a reader has heard. After a restart ids may begin anew. */
function seen(reader) {
  return new Set(reader.received.map(({ id, sentAt }) => `${id} ${sentAt}`)).size;
}

function row(name, label) {
  const cells = Array.from({ length: 6 }, () => element("td", {}, "–"));
  const head = element("th", { scope: "row" }, ...(name === NAIVE ? [] : [shapeOf({ name })]), ` ${label}`);
  const node = element("tr", {}, head, ...cells);
  node.dataset.transport = name;
  const show = (texts, exact) => {
    texts.forEach((text, i) => (cells[i].textContent = String(text)));
    node.classList.toggle("broken", !exact);
  };
  return { node, show };
}

customElements.define("recovery-lab", RecoveryLab);
