// The gauges beside a pane: was it exact, how late was it, and what did it cost?

import { element } from "../site/element.js";
import { delay, number, size } from "../site/formatting.js";

/** Shows a reader's meters as lists of numbers. */
export class Gauges {
  #cells = new Map();
  #verdict = element("span.verdict");
  #aside = element("p.small");
  #reader;

  /** @param {import("../metering/metered_reader.js").Reader} reader */
  constructor(reader) {
    this.#reader = reader;
    const exact = this.#list("received", "lost", "doubled", "out of order");
    const delays = this.#list("last", "median", "p95", "messages");
    const cost = this.#list("requests", "connections", "bytes up", "bytes down");
    this.nodes = [
      element("section.gauge", {}, element("h3", {}, "Exactly once ", this.#verdict), exact, this.#aside),
      element("section.gauge", {}, element("h3", {}, "Delivery delay"), delays),
      element("section.gauge", {}, element("h3", {}, "Cost"), cost, howCounted()),
    ];
  }

  #list(...names) {
    const pairs = names.map((name) => {
      const value = element("dd", { "data-gauge": name }, "–");
      this.#cells.set(name, value);
      return element("div", {}, element("dt", {}, name), value);
    });
    return element("dl.figures", {}, ...pairs);
  }

  /** Show the numbers as they are now. */
  draw() {
    const { meter, delays, wire } = this.#reader;
    const { received, lost, doubled, outOfOrder, dropped, gaps, exact } = meter;
    this.#set({ received: number(received), lost: number(lost), doubled: number(doubled) });
    this.#set({ "out of order": number(outOfOrder), requests: number(wire.requests), connections: number(wire.connections) });
    this.#set({ last: delay(delays.last), median: delay(delays.percentile(0.5)), p95: delay(delays.percentile(0.95)) });
    this.#set({ messages: number(delays.count) });
    this.#set({ "bytes up": size(wire.up), "bytes down": size(wire.down) });
    this.#verdict.textContent = exact ? "✓ exact" : "✕ not exact";
    this.#verdict.classList.toggle("broken", !exact);
    const repeats = dropped && `${number(dropped)} repeats dropped`;
    const told = gaps && `${number(gaps)} ${gaps === 1 ? "gap" : "gaps"} told`;
    this.#aside.textContent = [repeats, told].filter(Boolean).join(" · ");
  }

  #set(values) {
    for (const [name, text] of Object.entries(values)) {
      const cell = this.#cells.get(name);
      if (cell.textContent !== text) cell.textContent = text;
    }
  }
}

/** Shows in one line whether a reader's pane is exact. */
export class Tally {
  node = element("p.tally");
  #reader;

  /** @param {import("../metering/metered_reader.js").Reader} reader */
  constructor(reader) {
    this.#reader = reader;
  }

  /** Show the numbers as they are now. */
  draw() {
    const { received, lost, doubled, outOfOrder, exact } = this.#reader.meter;
    const faults = `${number(lost)} lost, ${number(doubled)} doubled, ${number(outOfOrder)} out of order`;
    const text = `${exact ? "✓" : "✕"} ${number(received)} received, ${faults}`;
    if (this.node.textContent !== text) this.node.textContent = text;
    this.node.classList.toggle("why", !exact);
  }
}

function howCounted() {
  const text =
    "Bodies, frames and response headers are counted to the byte. The length of this browser’s request headers was asked " +
    "of the server once; a WebSocket’s handshake is a typical value. Not in it: TCP/IP, TLS, and the pings that no script " +
    "sees. Delay is arrival minus the server’s sent_at, with this page’s clock set by the server’s; what was said before " +
    "you came is left out. A request that finds an open connection opens none.";
  return element("details.small", {}, element("summary", {}, "How this is counted"), element("p", {}, text));
}
