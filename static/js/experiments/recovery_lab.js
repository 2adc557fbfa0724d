// <recovery-lab>: the wire is cut, goes silent, and the server restarts – who notices, and who comes back with everything?
//
// The server is a throw-away one, really restarted; each reader has a wire of its own. Beside our transports reads one that was written in
// a hurry: a WebSocket without a cursor that never reconnects. Measures: `lost_naive`, `lost_ours` (messages that are missing, and no gap was
// told), `slowest` (ms, our slowest return after a cut), and `back_short`, `back_long`, `back_websocket` (ms, return after the cut).

import { layWires } from "../lab/chaos.js";
import { button, choice } from "../lab/controls.js";
import { element, shapeOf } from "../site/element.js";
import { digits } from "../site/statistics.js";
import { Lab } from "../lab/lab.js";
import { Listener, ownRoom, rest, say } from "../lab/room_reader.js";
import { pause } from "../client/retry.js";
import { TRANSPORTS } from "../transports.js";
import { stateInWords } from "../site/formatting.js";

const EVERY_MS = 250; // somebody says something
const DRILL = [["cut", 4000], ["freeze", 3000], ["thaw", 2000], ["restart", 6000]]; // what is done, and how long we watch
const NAIVE = "naive";

class RecoveryLab extends Lab {
  static heading = "Cut it, freeze it, restart it";
  #wires = null;
  said = 0;

  controls() {
    this.store = choice("The server keeps its messages in", [["sqlite", "a file"], ["memory", "memory, forgotten on restart"]]);
    this.hands = ["cut", "freeze", "thaw", "restart"].map((act) => button(act, () => this.#do(act)));
    this.hands.forEach((hand) => (hand.disabled = true));
    return [this.store.node, element("div.hands", {}, ...this.hands)];
  }

  output() {
    this.rows = new Map([...TRANSPORTS.map(({ name, label }) => [name, label]), [NAIVE, "written in a hurry"]].map(([name, label]) => [name, row(name, label)]));
    const heads = ["reader", "now", "received", "missing", "doubled", "gaps told", "back in"].map((text) => element("th", { scope: "col" }, text));
    const body = element("tbody", {}, ...[...this.rows.values()].map(({ node }) => node));
    return [element("div.scroll", { tabIndex: 0 }, element("table.recovery", {}, element("thead", {}, element("tr", {}, ...heads)), body))];
  }

  async experiment(signal) {
    this.say("A throw-away server starts …");
    this.names = [...TRANSPORTS.map(({ name }) => name), NAIVE];
    this.#wires = await layWires([...this.names, "author"], { signal, server: this.store.value() });
    this.readers = new Map(this.names.map((name) => [name, { listener: new Listener((heard) => this.#heard(name, heard)), state: null, back: null, cutAt: null }]));
    const room = ownRoom("recovery");
    for (const name of this.names) this.#read(name, `${this.#wires.bases[name]}/rooms/${room}`, signal);
    const drawing = setInterval(() => this.#draw(), 200);
    signal.addEventListener("abort", () => this.#end(drawing));
    const talking = new AbortController();
    this.say("The readers come …");
    while ([...this.readers.values()].some(({ listener }) => !listener.batches)) await rest(50, signal);
    this.#talk(`${this.#wires.bases.author}/rooms/${room}`, AbortSignal.any([signal, talking.signal]));
    this.hands.forEach((hand) => (hand.disabled = false));
    await rest(2000, signal);
    for (const [act, watch] of DRILL) {
      this.say(`${act[0].toUpperCase()}${act.slice(1)}: watch for ${watch / 1000} s.`);
      this.#do(act);
      await rest(watch, signal);
    }
    talking.abort();
    this.say("Nobody talks any more: who has everything?");
    await rest(1500, signal);
    this.#draw();
    return this.#result();
  }

  #read(name, url, signal) {
    const { listener } = this.readers.get(name);
    const onState = (state) => (this.readers.get(name).state = state);
    if (name !== NAIVE) return listener.listen(url, name, { signal, onState });
    const socket = new WebSocket(`${url}/websocket`.replace(/^http/, "ws"));
    socket.addEventListener("open", () => onState({ name: "open", since: performance.now() }));
    socket.addEventListener("message", ({ data }) => listener.take(JSON.parse(data)));
    socket.addEventListener("close", () => onState({ name: "closed for good" }));
    signal.addEventListener("abort", () => socket.close());
  }

  async #talk(url, signal) {
    this.said = 0;
    while (!signal.aborted) {
      say(url, `message ${this.said + 1}`, signal).then(() => (this.said += 1), () => {});
      await pause(EVERY_MS, signal);
    }
  }

  #do(act) {
    if (act === "restart") return this.#wires?.turn({ do: act });
    for (const name of this.names) this.#wires?.turn({ link: name, do: act });
    if (act !== "cut") return;
    for (const reader of this.readers.values()) Object.assign(reader, { cutAt: performance.now(), back: null });
  }

  #heard(name) {
    const reader = this.readers.get(name);
    if (reader.cutAt !== null && reader.back === null) reader.back = performance.now() - reader.cutAt;
  }

  /** How many messages there are: what was acknowledged, or, when an ack was lost on the way, what anybody has heard. */
  get #all() {
    return Math.max(this.said, ...[...this.readers.values()].map(({ listener }) => seen(listener)));
  }

  #missing(listener) {
    return this.#all - seen(listener);
  }

  #draw() {
    for (const [name, { listener, state, back }] of this.readers) {
      const { received, doubled, gaps, exact } = listener.meter;
      const missing = this.#missing(listener);
      const words = state?.name === "closed for good" ? state.name : state ? stateInWords(state) : "connecting";
      this.rows.get(name).show([words, received, missing, doubled, gaps, back === null ? "–" : `${digits(back)} ms`], exact && missing < 8);
    }
  }

  #end(drawing) {
    clearInterval(drawing);
    this.hands.forEach((hand) => (hand.disabled = true));
    this.#wires = null;
  }

  #result() {
    const ours = TRANSPORTS.map(({ name }) => ({ name, ...this.readers.get(name) }));
    const naive = this.readers.get(NAIVE).listener;
    const backs = Object.fromEntries(ours.map(({ name, back }) => [`back_${name.split("-")[0]}`, back ?? undefined]));
    const untold = ({ listener }) => (listener.meter.gaps ? 0 : this.#missing(listener));
    const lost = Math.max(...ours.map(untold));
    const told = Math.max(...ours.map(({ listener }) => (listener.meter.gaps ? this.#missing(listener) : 0)));
    const values = { lost_ours: lost, lost_naive: this.#missing(naive), slowest: Math.max(...ours.map(({ back }) => back ?? 0)), ...backs };
    const gone = told ? ` ${told} went with the server’s memory, and each of ours was told of the gap.` : "";
    const said = `${this.#all} messages: ours miss ${lost} without being told, and heard again ${digits(values.slowest)} ms after the cut at the latest; the one written in a hurry misses ${values.lost_naive}.${gone}`;
    const raw = [...this.readers].flatMap(([name, { listener }]) => listener.heard.map((one) => ({ reader: name, ...one })));
    return { raw, n: this.#all, warmUp: "2 s before the first cut; the back-off is by chance", values, said };
  }
}

/** Count what a reader has heard. After a restart ids may begin anew. */
function seen(listener) {
  return new Set(listener.heard.map(({ id, sentAt }) => `${id} ${sentAt}`)).size;
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
