// <shop-lab>: orders are shipped, and one of the programs that report them is killed in the middle.
//
// The run is tutorial/existing_app/rehearsal.py: the shop's own database and relay, and a chat of their own.
// Each order is a bar, from the warehouse to the customer's page. Measures: `lost`, `doubled`, `longest` (s,
// from shipped to reported).

import { choice } from "../lab/controls.js";
import { digits } from "../site/formatting.js";
import { Lab, LabError } from "../lab/lab.js";
import { Plot } from "../lab/plot.js";
import { start } from "../lab/runs.js";

/** @type {[string, string][]} */
const VICTIMS = [
  ["relay", "the relay"],
  ["chat", "the chat"],
  ["nobody", "nobody"],
];

class ShopLab extends Lab {
  static heading = "Thirty orders, and an accident";

  controls() {
    this.victim = choice("Kill (-9) after ten of them", VICTIMS, "victim");
    return [this.victim.node];
  }

  output() {
    this.plot = new Plot("From the warehouse to the customer’s page");
    this.#draw(new Map(), 10);
    return [this.plot.node];
  }

  async experiment(signal) {
    const victim = this.victim.value();
    const orders = new Map();
    for await (const line of start("shop", { victim }, signal)) {
      if (line.event === "shipped")
        orders.set(line.order, { order: line.order, shipped: line.at, reported: null });
      if (line.event === "delivered") this.#reported(orders, line);
      if (line.event === "end") return this.#result(line, [...orders.values()], victim);
      const killed = line.event === "killed" ? ` The ${line.who} is killed.` : "";
      if (line.event) this.report(`${orders.size} shipped, ${line.waiting} in the outbox.${killed}`);
      this.#draw(orders, line.at ?? 0);
    }
    throw new LabError("the run ended before its end");
  }

  #reported(orders, { order, at }) {
    // A page may show an order before the line that says it was shipped has come.
    const known = orders.get(order) ?? { order, shipped: at, reported: null };
    orders.set(order, { ...known, reported: known.reported ?? at });
  }

  #draw(orders, now) {
    const rows = [...orders.values()].map(({ shipped, reported }) => ({
      label: "",
      spans: [
        {
          from: shipped,
          to: reported ?? Math.max(now, shipped),
          kind: reported === null ? "waits" : "reported",
        },
      ],
    }));
    this.plot.timeline(rows, { label: "seconds", ...(orders.size ? {} : { most: now }) });
  }

  #result({ lost, doubled, shipped }, raw, victim) {
    const delays = raw
      .filter(({ reported }) => reported !== null)
      .map((one) => (one.reported - one.shipped) * 1000);
    const longest = Math.max(...delays) / 1000;
    const accident = victim === "nobody" ? "nobody killed" : `the ${victim} killed in the middle`;
    const summary =
      `${shipped} orders, ${accident}: ${lost} lost, ${doubled} reported twice. The slowest news took ` +
      `${digits(longest)} s.`;
    return {
      raw,
      delays,
      warmUp: "both programs answered before the first order",
      values: { lost, doubled, longest },
      summary,
    };
  }
}

customElements.define("shop-lab", ShopLab);
