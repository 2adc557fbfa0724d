// <attack-lab>: five attacks on a chat, with its locks on and off.
//
// The run is tutorial/counterexamples/attacks.py. It serves the chat and a hostile page on ports of their own,
// and names the two pages of each round; this page is the browser that opens them, in two frames. Which attacks
// succeeded is what the attacker's server has in the end. Measures: `stopped_by_cors`, `stopped_by_origin` (of
// the five, with this lock alone), `spare` (locks that can be taken off without letting an attack in).

import { choice } from "../lab/controls.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";
import { element } from "../site/element.js";

const ATTACKS = ["read", "post", "socket", "script", "log"];
/** @type {[string, string][]} */
const SERIES = [
  ["alone", "one lock on, the others off"],
  ["without", "one lock off, the others on"],
];
const CORNER = { alone: "only this is on", without: "only this is off" };
/** @type {[string, string][]} */
const ROUNDS = [
  ["none", "no lock"],
  ["origin", "origin check"],
  ["cors", "no CORS header"],
  ["json", "JSON only"],
  ["token", "token, no cookie"],
  ["text", "text, no markup"],
  ["csp", "security policy"],
  ["log", "log without query"],
  ["all", "all locks"],
];
const HOSTS = ["127.0.0.1", "localhost"];

class AttackLab extends Lab {
  static heading = "You attack";

  controls() {
    this.series = choice("Each row has", SERIES, "series");
    return [this.series.node];
  }

  output() {
    this.ann = frame("Ann’s browser: the chat");
    this.hostile = frame("Another tab: the hostile page");
    this.corner = element("th", { scope: "col" }, CORNER.alone);
    const heads = ATTACKS.map((attack) => element("th", { scope: "col" }, attack));
    this.rows = Object.fromEntries(ROUNDS.map(([name, label]) => [name, row(label)]));
    const table = element(
      "table.attacks",
      {},
      element("caption", {}, "Does the attack succeed?"),
      element("thead", {}, element("tr", {}, this.corner, ...heads)),
      element("tbody", {}, ...Object.values(this.rows).map(({ node }) => node)),
    );
    return [
      element("div.attack-pages", {}, this.ann.node, this.hostile.node),
      element("div.scroll", { tabIndex: 0 }, table),
    ];
  }

  async experiment(signal) {
    const host = location.hostname;
    const series = this.series.value();
    if (!HOSTS.includes(host)) throw new LabError("open this page at 127.0.0.1 or at localhost");
    this.corner.textContent = CORNER[series];
    Object.values(this.rows).forEach(({ clear }) => clear());
    this.report("Two servers start …");
    const rounds = [];
    for await (const line of start("attacks", { host, series }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.end) return result(rounds, series);
      if (line.ann) this.ann.open(line.ann);
      if (line.hostile) this.hostile.open(line.hostile);
      if (line.round) rounds.push(this.#show(line));
    }
    throw new LabError("the run ended before its end");
  }

  #show({ round, locks, succeeded }) {
    this.rows[round].show(succeeded);
    this.report(`${locks.length} of 7 locks were on: ${succeeded.length} of 5 attacks succeeded.`);
    return { round, locks: locks.join(" "), succeeded };
  }
}

/** A labelled frame for a page of another server. @param {string} label */
function frame(label) {
  const view = element("iframe", { title: label });
  const open = (url) => (view.src = url);
  return { node: element("figure", {}, element("figcaption", {}, label), view), open };
}

/** A row of the table. @param {string} label */
function row(label) {
  const cells = ATTACKS.map(() => element("td", {}, "–"));
  const node = element("tr", {}, element("th", { scope: "row" }, label), ...cells);
  const clear = () => cells.forEach((cell) => (cell.textContent = "–"));
  const show = (succeeded) =>
    cells.forEach((cell, i) =>
      cell.replaceChildren(succeeded.includes(ATTACKS[i]) ? element("strong", {}, "yes") : "no"),
    );
  return { node, clear, show };
}

function result(rounds, series) {
  const by = Object.fromEntries(rounds.map(({ round, succeeded }) => [round, succeeded.length]));
  const single = rounds.filter(({ round }) => round !== "none" && round !== "all");
  const spare = single.filter(({ succeeded }) => !succeeded.length).length;
  const alone = series === "alone";
  const values = alone ? { stopped_by_cors: 5 - by.cors, stopped_by_origin: 5 - by.origin } : { spare };
  const more = alone
    ? `The origin check alone stops ${values.stopped_by_origin}, no CORS header alone ${values.stopped_by_cors}.`
    : `Of the seven locks, ${spare} can be taken off alone without letting an attack in.`;
  const summary = `Without locks ${by.none} of 5 attacks succeed, with all locks ${by.all}. ${more}`;
  const raw = rounds.flatMap(({ round, locks, succeeded }) =>
    ATTACKS.map((attack) => ({ round, locks, attack, succeeded: succeeded.includes(attack) })),
  );
  return { raw, n: raw.length, values, summary };
}

customElements.define("attack-lab", AttackLab);
