// <decision-card>: which transport a workload asks for, computed from what this machine has measured.
//
// Run measures a unit of work over each of the four transports, and a waiting reader's memory; the server
// keeps the results and computes the card (tutorial/choosing/). Measures, for the workload of the bets:
// `cheapest` (an order), `cores_short` (of the server), `readers_push` (that one core takes over a WebSocket).

import { element, shapeOf } from "../site/element.js";
import { digits } from "../site/formatting.js";
import { ranking } from "../site/statistics.js";
import { choice, slider } from "../lab/controls.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";
import { TRANSPORTS } from "../transports.js";

const HEADS = ["", "mean delay, s", "requests/s", "cores", "Mbit/s", "memory, MB", "why not"];
const BET = { rate: 0.1, staleness: 5, readers: 10_000, writers: "program", network: "open" };
/** @type {[string, string][]} */
const WRITERS = [
  ["program", "one way: a program of ours"],
  ["now-and-then", "both ways: readers, about once a minute"],
  ["often", "both ways: each reader, five times a second"],
];
/** @type {[string, string][]} */
const NETWORKS = [
  ["open", "TLS and proxies of ours, HTTP/1.1"],
  ["http2", "the same, with HTTP/2 to the browsers"],
  ["cache", "a cache that may answer equal polls"],
  ["strangers", "proxies of companies, which we don’t know"],
  ["no-hold", "a platform that can’t hold a request"],
];

class DecisionCard extends Lab {
  static heading = "Which one do I take?";

  #turn = 0;

  controls() {
    this.given = {
      rate: slider("messages a second, each reader", { least: 0.01, most: 100, value: 0.1, unit: "/s" }),
      staleness: slider("how old one may be", { least: 0.1, most: 300, value: 5, unit: "s" }),
      readers: slider("readers", { least: 10, most: 1e6, value: 10_000, unit: "" }),
      writers: choice("Who writes", WRITERS),
      network: choice("Between", NETWORKS),
    };
    for (const { input } of Object.values(this.given)) input.addEventListener("change", () => this.#show());
    return Object.values(this.given).map(({ node }) => node);
  }

  output() {
    this.card = element("div.decision", { ariaLive: "polite" });
    this.card.dataset.concealed = ""; // it has the answers to the bets
    this.#show();
    return [this.card];
  }

  allowed() {
    delete this.card.dataset.concealed;
  }

  async experiment(signal) {
    for await (const line of start("measure", { names: ["costs", "held"] }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.begins) this.report(`${line.doc} …`);
    }
    await this.#show();
    return this.#result((await cardOf(BET)).recommendation.rows);
  }

  async #show() {
    const asked = Object.fromEntries(Object.entries(this.given).map(([name, one]) => [name, one.value()]));
    const turn = ++this.#turn;
    const card = await cardOf(asked);
    if (turn !== this.#turn) return; // a later choice was quicker
    const link = element("a", { href: `/choose?${queryOf(asked)}` }, "This card on one sheet, to print");
    this.card.replaceChildren(
      element("h3", {}, card.label),
      element("p", {}, card.recommendation.reason),
      element("div.scroll", { tabIndex: 0 }, table(card.recommendation)),
      element("p", {}, element("strong", {}, "What would change it")),
      element(
        "ul",
        {},
        ...card.changes.map(({ condition, label }) => element("li", {}, `${condition}: ${label}`)),
      ),
      element("p.small", {}, `${card.sources.join("; ")}. `, link, "."),
    );
  }

  #result(rows) {
    const of = (name) => rows.find(({ transport }) => transport === name);
    const labels = Object.fromEntries(TRANSPORTS.map(({ name, label }) => [name, label]));
    const values = {
      cheapest: ranking(
        rows,
        ({ cores }) => cores,
        ({ transport }) => labels[transport],
      ),
      cores_short: of("short-polling").cores,
      readers_push: BET.readers / of("websocket").cores,
    };
    const summary =
      `For ${digits(BET.readers)} readers, short polling takes ${digits(values.cores_short)} cores, and a WebSocket ` +
      `${digits(of("websocket").cores)}. Cheapest first: ${values.cheapest.join(", then ")}.`;
    const raw = rows.map(({ why_not, ...row }) => row);
    return { raw, n: rows.length, warmUp: "thirty messages", values, summary };
  }
}

/** @param {Record<string, string | number>} workload */
function queryOf(workload) {
  return new URLSearchParams(Object.entries(workload).map(([name, value]) => [name, String(value)]));
}

/** @param {Record<string, string | number>} workload */
async function cardOf(workload) {
  const response = await fetch(`/choose?${queryOf(workload)}`, {
    headers: { Accept: "application/json" },
    cache: "no-store",
  });
  if (!response.ok) throw new LabError((await response.json()).wrong);
  return response.json();
}

function table({ transport, rows }) {
  const heads = HEADS.map((head) => (head ? element("th", { scope: "col" }, head) : element("td")));
  const body = rows.map((row) => {
    const numbers = [row.delay, row.requests, row.cores, row.bits / 1e6, row.memory / 1e6].map(digits);
    const cells = [...numbers, row.why_not || "taken"].map((text) => element("td", {}, text));
    const head = element("th", { scope: "row" }, shapeOf({ name: row.transport }), ` ${row.label}`);
    const kind = row.transport === transport ? "tr.taken" : "tr";
    return element(kind, {}, head, ...cells);
  });
  return element(
    "table.costs",
    {},
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...body),
  );
}

customElements.define("decision-card", DecisionCard);
