// The gauges beside a pane: was it exact, how late was it, and what did it cost?

import { element } from "../site/element.js";
import { delay, number, size } from "../site/formatting.js";

/** Shows a reader's meters as lists of numbers. */
export class Gauges {
  #cells = new Map();
  #verdict = element("span.verdict");
  #aside = element("p.small");
  #reader;

  /** @param {import("../metering/metered_reader.js").MeteredReader} reader */
  constructor(reader) {
    this.#reader = reader;
    const exact = this.#list("received", "lost", "doubled", "out of order");
    const delays = this.#list("last", "median", "p95", "messages");
    const cost = this.#list("requests", "connections", "bytes up", "bytes down");
    this.nodes = [
      element("section.gauge", {}, element("h2", {}, "Exactly once ", this.#verdict), exact, this.#aside),
      element("section.gauge", {}, element("h2", {}, "Delivery delay"), delays),
      element("section.gauge", {}, element("h2", {}, "Cost"), cost, howCounted()),
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
    const { meter, delays, network } = this.#reader;
    const { received, lost, doubled, outOfOrder, dropped, gaps, exact } = meter;
    this.#set({ received: number(received), lost: number(lost), doubled: number(doubled) });
    this.#set({
      "out of order": number(outOfOrder),
      requests: number(network.requests),
      connections: number(network.connections),
    });
    this.#set({
      last: delay(delays.last),
      median: delay(delays.percentile(0.5)),
      p95: delay(delays.percentile(0.95)),
    });
    this.#set({ messages: number(delays.count) });
    this.#set({ "bytes up": size(network.up), "bytes down": size(network.down) });
    this.#verdict.textContent = exact ? "✓ exact" : "✕ not exact";
    this.#verdict.classList.toggle("broken", !exact);
    const repeats = dropped && `${number(dropped)} repeats dropped`;
    const reported = gaps && `${number(gaps)} ${gaps === 1 ? "gap" : "gaps"}`;
    this.#aside.textContent = [repeats, reported].filter(Boolean).join(" · ");
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
  #line = element("p.tally");
  nodes = [this.#line];
  #reader;

  /** @param {import("../metering/metered_reader.js").MeteredReader} reader */
  constructor(reader) {
    this.#reader = reader;
  }

  /** Show the numbers as they are now. */
  draw() {
    const { received, lost, doubled, outOfOrder, exact } = this.#reader.meter;
    const faults = `${number(lost)} lost, ${number(doubled)} doubled, ${number(outOfOrder)} out of order`;
    const text = `${exact ? "✓" : "✕"} ${number(received)} received, ${faults}`;
    if (this.#line.textContent !== text) this.#line.textContent = text;
    this.#line.classList.toggle("why", !exact);
  }
}

function howCounted() {
  const text =
    "Bodies, frames and response headers are counted to the byte. The server reported once how long this " +
    "browser’s request headers are; a WebSocket’s handshake is a typical value. TCP/IP, TLS and pings are left " +
    "out: no script sees them. Delay is arrival minus the server’s sent_at, with this page’s clock set by the " +
    "server’s; older messages are left out. A request that finds an open connection opens none.";
  return element("details.small", {}, element("summary", {}, "How this is counted"), element("p", {}, text));
}
