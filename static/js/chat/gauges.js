// The gauges beside a pane: was it exact, how late was it, and what did it cost?

import { element } from "../site/element.js";
import { delay, number, size } from "../site/formatting.js";
import { pluralOf } from "./message_item.js";

export const IN_DOUBT = "not measured: this page does not know the server’s time well enough";

/** Shows a reader's meters as lists of numbers. */
export class Gauges {
  #cells = new Map();
  #verdict = element("span.verdict");
  #aside = element("p.small");
  #since = element("p.small");
  #reader;

  /** @param {import("../metering/metered_reader.js").MeteredReader} reader */
  constructor(reader) {
    this.#reader = reader;
    const exact = this.#list({
      received: "messages received",
      lost: "lost",
      doubled: "shown twice",
      "out of order": "out of order",
    });
    const delays = this.#list({ last: "last message", median: "median", p95: "95th percentile" });
    const cost = this.#list({
      requests: "requests made",
      connections: "connections opened",
      "bytes up": "bytes sent",
      "bytes down": "bytes received",
    });
    this.nodes = [
      element("section.gauge", {}, element("h2", {}, "Exactly once ", this.#verdict), exact, this.#aside),
      element("section.gauge", {}, element("h2", {}, "Delivery delay"), delays, this.#since),
      element("section.gauge", {}, element("h2", {}, "Cost"), cost, howCounted()),
    ];
  }

  /** @param {Record<string, string>} labels  by name */
  #list(labels) {
    const pairs = Object.entries(labels).map(([name, label]) => {
      const value = element("dd", { "data-gauge": name }, "–");
      this.#cells.set(name, value);
      return element("div", {}, element("dt", {}, label), value);
    });
    return element("dl.figures", {}, ...pairs);
  }

  /** Show the numbers as they are now. */
  draw() {
    const { meter, current, network } = this.#reader;
    const { over, delays } = current;
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
    const counted = `of the last ${pluralOf(delays.count, "message")}, all over ${over?.label}`;
    const none = this.#reader.clockInDoubt ? IN_DOUBT : "no message yet";
    const since = delays.count ? counted : none;
    if (this.#since.textContent !== since) this.#since.textContent = since;
    this.#set({ "bytes up": size(network.up), "bytes down": size(network.down) });
    this.#verdict.textContent = exact ? "✓ exact" : "✕ not exact";
    this.#verdict.classList.toggle("broken", !exact);
    const repeats = dropped && `${number(dropped)} dropped: delivered a second time during a change`;
    const reported = gaps && pluralOf(gaps, "gap");
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
    const faults = `${number(lost)} lost, ${number(doubled)} twice, ${number(outOfOrder)} out of order`;
    const messages = received === 1 ? "message" : "messages";
    const text = `${exact ? "✓" : "✕"} ${number(received)} ${messages}: ${faults}`;
    if (this.#line.textContent !== text) this.#line.textContent = text;
    this.#line.classList.toggle("why", !exact);
  }
}

function howCounted() {
  const text =
    "Delay is the time from the moment when the server accepted a message (its sent_at) until this page had it, " +
    "both on the server’s clock. The page asks the server for the time and knows by how much it may be wrong: " +
    "“< 3 ms” is as exact as that. Messages from before this page are left out. Bodies, frames and response " +
    "headers are counted to the byte. The server reported once how long this browser’s request headers are; a " +
    "WebSocket’s handshake is a typical value. TCP/IP, TLS and pings are left out: no script sees them. A " +
    "request that finds an open connection opens none.";
  return element("details.small", {}, element("summary", {}, "How this is counted"), element("p", {}, text));
}
