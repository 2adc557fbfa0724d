// <chaos-controls>: panes of the chat, each over a wire of its own, and the knobs of these wires.
//
//   <chaos-controls transports="short-polling websocket"></chaos-controls>   without `transports`: all
//
// It starts when asked. "Two Enters at once": two panes post in the same instant.

import { layWires } from "../lab/chaos.js";
import { button, choice, slider } from "../lab/controls.js";
import { element } from "../site/element.js";
import { ownRoom } from "../lab/room_reader.js";
import "../chat/pane.js";
import { TRANSPORTS, transportNamed } from "../transports.js";

const NAMES = ["ann", "ben", "cleo", "dan"];
const KNOBS = [
  ["latency_ms", "latency, each way", { least: 0, most: 2000, value: 0, unit: "ms", log: false }],
  ["jitter_ms", "jitter", { least: 0, most: 2000, value: 0, unit: "ms", log: false }],
  ["drip", "bytes a second (0: all)", { least: 0, most: 4000, value: 0, unit: "B/s", log: false }],
];
const ACTS = {
  cut: "Cut: both ends are told at once that the connection is gone.",
  freeze: "Frozen: nothing comes through any more, and nobody is told. Thaw ends it.",
  thaw: "Thawed: what had been held up comes through.",
  stall: "Stalled: for some seconds nothing comes through, then all of it.",
  restart: "Restarted: every connection is cut, and the proxy is away for a moment.",
};

/** Panes with knobs. */
export class ChaosControls extends HTMLElement {
  #end = new AbortController();
  #times = 0;

  connectedCallback() {
    this.#end = new AbortController();
    this.names = this.getAttribute("transports")?.split(" ") ?? TRANSPORTS.map(({ name }) => name);
    this.begin = button("Lay the wires", () => this.#begin());
    this.both = button("Two Enters at once", () => this.#both());
    this.told = element("p.small", { role: "status" }, "Nothing runs yet. The proxy starts when you ask for it, on this machine.");
    this.knobs = element("fieldset.knobs", { disabled: true }, ...this.#dials(), this.both);
    this.field = element("div.knob-panes", { tabIndex: 0 });
    const row = element("div.lab-controls", {}, this.begin);
    this.replaceChildren(element("p.lab-name", {}, "A wire of its own for each pane"), row, this.told, this.knobs, this.field);
  }

  disconnectedCallback() {
    this.#end.abort();
    this.replaceChildren();
  }

  async #begin() {
    this.begin.disabled = true;
    try {
      this.wires = await layWires(this.names, { signal: this.#end.signal });
    } catch (error) {
      this.told.textContent = error.message;
      return;
    }
    const room = this.getAttribute("room") ?? ownRoom("chaos");
    this.panes = this.names.map((name, i) => this.#pane(name, room, NAMES[i % NAMES.length]));
    this.field.replaceChildren(...this.panes);
    this.knobs.disabled = false;
    this.told.textContent = "Each pane reaches the server through a port of its own; what you turn happens to its bytes.";
  }

  #pane(transport, room, author) {
    return element("chat-pane", { room, author, transport, base: this.wires.bases[transport], fixed: "", brief: "", silent: "", cursor: "now" });
  }

  #dials() {
    this.which = choice("The wire of", [["", "all"], ...this.names.map((name) => [name, transportNamed(name).label])]);
    const dials = KNOBS.map(([knob, label, how]) => {
      const dial = slider(label, how);
      dial.input.addEventListener("input", () => this.#turn({ [knob]: dial.value() }));
      return dial.node;
    });
    return [this.which.node, ...dials, ...Object.keys(ACTS).map((act) => button(act, () => this.#do(act)))];
  }

  #do(act) {
    this.#turn({ do: act });
    this.told.textContent = ACTS[act];
  }

  #turn(knobs) {
    const link = this.which.value();
    this.wires.turn(link ? { link, ...knobs } : knobs);
  }

  /** Let the first two panes post in the same instant. */
  #both() {
    this.#times += 1;
    this.panes.slice(0, 2).forEach((pane) => pane.say(`Enter number ${this.#times}, by ${pane.author}`));
  }
}

customElements.define("chaos-controls", ChaosControls);
