// The wire log: what crosses a pane's wire, as a picture of the last seconds and as a table.
//
// Time runs to the left, now is the right edge. Above the line goes up, below it comes down; a tick's height
// is the root of its bytes. A band along the line is a request that waits for its answer, or a socket that is
// open. Each thing has the colour of the transport that it belongs to; a line across marks where another one
// took over.

import { element, svg } from "../site/element.js";
import { size } from "../site/formatting.js";

const PX_A_SECOND = 24;
const MIDDLE = 32;
const TICK_MAX = 30;
const KEPT_MS = 90_000; // as wide as the widest pane
const ROWS = 30;

/** Draws a wire's entries. */
export class WireLog {
  #network;
  #time = svg("g", {});
  #drawn = new Map();
  #rows = element("tbody");
  #details = element("details", {}, element("summary", {}, "As a table"));

  /** @param {import("./metered_network.js").MeteredNetwork} network */
  constructor(network) {
    this.#network = network;
    const heads = ["at", "what", "up", "down", "took"].map((text) => element("th", { scope: "col" }, text));
    const head = element("thead", {}, element("tr", {}, ...heads));
    this.#details.append(
      element("div.scroll", { tabIndex: 0 }, element("table.wire-table", {}, head, this.#rows)),
    );
    this.#details.addEventListener("toggle", () => this.#tabulate());
    // An inner svg at 100 % puts the origin at the right edge, however wide the pane is.
    const edge = svg("svg", { x: "100%", overflow: "visible" }, this.#time);
    const line = svg("line", { class: "axis", x1: 0, x2: "100%", y1: MIDDLE, y2: MIDDLE });
    const picture = svg(
      "svg",
      { class: "wire-picture", height: 2 * MIDDLE, "aria-hidden": "true" },
      line,
      edge,
      ...names(),
    );
    this.nodes = [picture, this.#details];
  }

  /** Bring the picture up to date, and the table when it is open. */
  draw(now = performance.now()) {
    this.#time.setAttribute("transform", `translate(${x(-now)} 0)`);
    for (const entry of this.#network.entries) this.#drawEntry(entry, now);
    for (const [entry, { group }] of this.#drawn) {
      if ((entry.end ?? now) > now - KEPT_MS) continue;
      group.remove();
      this.#drawn.delete(entry);
    }
    this.#tabulate();
  }

  #drawEntry(entry, now) {
    if ((entry.end ?? now) < now - KEPT_MS) return;
    const drawn = this.#drawn.get(entry);
    if (drawn?.done) return;
    if (drawn) this.#update(entry, drawn, now);
    else this.#begin(entry, now);
  }

  #begin(entry, now) {
    if (entry.kind === "change") return this.#drawChange(entry);
    const band = svg("rect", { class: "band", x: x(entry.start), y: MIDDLE - 3, height: 6 });
    const group = svg(
      "g",
      { class: entry.kind, "data-transport": entry.over },
      band,
      tick(entry.start, entry.up, "up"),
    );
    const drawn = { group, band, done: false };
    this.#drawn.set(entry, drawn);
    this.#time.append(group);
    this.#update(entry, drawn, now);
  }

  #drawChange(entry) {
    const at = x(entry.start);
    const line = svg("line", { class: "change-line", x1: at, x2: at, y1: 0, y2: 2 * MIDDLE });
    const name = label(entry.what, at - 4, 12, "change-name");
    const group = svg("g", { class: entry.kind, "data-transport": entry.over }, line, name);
    this.#drawn.set(entry, { group, band: line, done: true });
    this.#time.append(group);
  }

  #update(entry, drawn, now) {
    drawn.band.setAttribute("width", Math.max(1, x((entry.end ?? now) - entry.start)));
    if (entry.end === null) return;
    drawn.done = true;
    drawn.group.append(tick(entry.end, entry.down, "down"));
    if (entry.failed) drawn.group.append(breakAt(entry.end));
  }

  #tabulate() {
    if (!this.#details.open) return;
    const newest = this.#network.entries.slice(-ROWS).reverse();
    this.#rows.replaceChildren(...newest.map(row));
  }
}

function names() {
  return [label("up", 6, MIDDLE - 8, "axis-name"), label("down", 6, MIDDLE + 17, "axis-name")];
}

function label(text, x, y, name) {
  const made = svg("text", { class: name, x, y });
  made.textContent = text;
  return made;
}

function x(ms) {
  return (ms / 1000) * PX_A_SECOND;
}

function tick(at, bytes, way) {
  const height = bytes ? Math.min(TICK_MAX, Math.max(2, Math.sqrt(bytes))) : 0;
  const y = way === "up" ? MIDDLE - height : MIDDLE;
  return svg("rect", { class: way, x: x(at) - (way === "up" ? 1.5 : 0), y, width: 2, height });
}

function breakAt(at) {
  return svg("rect", { class: "failure", x: x(at) - 1, y: MIDDLE - 9, width: 3, height: 18 });
}

function row({ what, start, end, up, down, failed, over }) {
  const at = new Date(performance.timeOrigin + start).toISOString().slice(14, 22);
  const took = end === null ? "…" : end - start < 1 ? "" : `${Math.round(end - start)} ms`;
  const cells = [at, failed ? `${what} ✕` : what, up ? size(up) : "", down ? size(down) : "", took];
  return element("tr", { "data-transport": over }, ...cells.map((text) => element("td", {}, text)));
}
