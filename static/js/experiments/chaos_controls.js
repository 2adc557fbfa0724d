// <chaos-controls>: panes of the chat, each over a link of its own, and the controls of these links.
//
//   <chaos-controls transports="short-polling websocket"></chaos-controls>   without `transports`: all
//
// It starts when asked, and fetches the pane only then: a chapter stays light. "Two Enters at once": two panes post in the same instant.

import { openLinks } from "../lab/chaos.js";
import { button, choice, slider } from "../lab/controls.js";
import { ownRoom } from "../lab/room_reader.js";
import { element } from "../site/element.js";
import { TRANSPORTS } from "../transports.js";

/** @typedef {import("../chat/pane.js").ChatPane} ChatPane */

const AUTHORS = ["ann", "ben", "cleo", "dan"];
const SETTINGS = [
  {
    name: "latency_ms",
    label: "latency, each way",
    range: { least: 0, most: 2000, value: 0, unit: "ms", log: false },
  },
  { name: "jitter_ms", label: "jitter", range: { least: 0, most: 2000, value: 0, unit: "ms", log: false } },
  {
    name: "drip",
    label: "bytes a second (0: all)",
    range: { least: 0, most: 4000, value: 0, unit: "B/s", log: false },
  },
];
/** @type {Record<string, string>} */
const ACTIONS = {
  cut: "Cut: both ends see at once that the connection has ended.",
  freeze: "Frozen: nothing gets through any more, and neither end notices. Thaw ends it.",
  thaw: "Thawed: what was held up gets through.",
  stall: "Stalled: for some seconds nothing gets through, then all of it.",
  restart: "Restarted: every connection is cut, and the proxy is away for a moment.",
};

/** Panes with controls. */
export class ChaosControls extends HTMLElement {
  #ending = new AbortController();
  #times = 0;
  /** @type {ChatPane[]} */
  #panes = [];
  /** @type {import("../lab/chaos.js").Links | null} */
  #links = null;

  connectedCallback() {
    this.#ending = new AbortController();
    const names = this.getAttribute("transports")?.split(" ") ?? TRANSPORTS.map(({ name }) => name);
    this.transports = TRANSPORTS.filter(({ name }) => names.includes(name));
    this.begin = button("Open the links", () => this.#begin());
    const both = button("Two Enters at once", () => this.#sendTwice());
    const off = "Off. The proxy starts on this machine when you press the button.";
    this.status = element("p.small", { role: "status" }, off);
    this.controls = element("fieldset.chaos-settings", { disabled: true }, ...this.#settings(), both);
    this.field = element(
      "div.chaos-panes",
      { tabIndex: 0 },
      ...this.transports.map(() => element("div.chaos-pane")),
    );
    const name = element("p.lab-name", {}, "A link of its own for each pane");
    const row = element("div.lab-controls", {}, this.begin);
    this.replaceChildren(name, row, this.status, this.controls, this.field);
  }

  disconnectedCallback() {
    this.#ending.abort();
    this.replaceChildren();
  }

  async #begin() {
    this.begin.disabled = true;
    try {
      const names = this.transports.map(({ name }) => name);
      this.#links = await openLinks(names, { signal: this.#ending.signal });
      await import("../chat/pane.js");
    } catch (error) {
      this.status.textContent = error.message;
      return;
    }
    const room = this.getAttribute("room") ?? ownRoom("chaos");
    this.#panes = this.transports.map(({ name }, i) => this.#pane(name, room, AUTHORS[i % AUTHORS.length]));
    this.field.replaceChildren(...this.#panes);
    this.controls.disabled = false;
    this.status.textContent =
      "Each pane reaches the server through a port of its own, where your settings apply.";
  }

  #pane(transport, room, author) {
    const base = this.#links.bases[transport];
    const how = { fixed: "", brief: "", silent: "", cursor: "now" };
    return /** @type {ChatPane} */ (element("chat-pane", { room, author, transport, base, ...how }));
  }

  #settings() {
    const links = this.transports.map(({ name, label }) => /** @type {[string, string]} */ ([name, label]));
    this.which = choice("The link of", [["", "all"], ...links]);
    const sliders = SETTINGS.map(({ name, label, range }) => {
      const dial = slider(label, range);
      dial.input.addEventListener("input", () => this.#set({ [name]: dial.value() }));
      return dial.node;
    });
    const actions = Object.keys(ACTIONS).map((action) => button(action, () => this.#do(action)));
    return [this.which.node, ...sliders, ...actions];
  }

  #do(action) {
    this.#set({ do: action });
    this.status.textContent = ACTIONS[action];
  }

  #set(settings) {
    const link = this.which.value();
    this.#links?.set(link ? { link, ...settings } : settings);
  }

  /** Let the first two panes post in the same instant. */
  #sendTwice() {
    this.#times += 1;
    this.#panes.slice(0, 2).forEach((pane) => pane.send(`Enter number ${this.#times}, by ${pane.author}`));
  }
}

customElements.define("chaos-controls", ChaosControls);
