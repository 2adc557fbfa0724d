// <claims-audit>: famous numbers, each measured again on this machine, with a verdict.
//
// A row's own button takes the measurements that decide about it; Run takes them all. The server keeps the
// results and judges (tutorial/book/claims.py). Measures: `standing` (how many of the claims stand).

import { element } from "../site/element.js";
import { Lab, LabError } from "../lab/lab.js";
import { start } from "../lab/runs.js";

const HEADS = ["source", "says", "here", "verdict", ""];

class ClaimsAudit extends Lab {
  static heading = "Do they stand?";

  output() {
    this.body = element("tbody");
    const heads = HEADS.map((head) => (head ? element("th", { scope: "col" }, head) : element("td")));
    this.table = element("table.audit", {}, element("thead", {}, element("tr", {}, ...heads)), this.body);
    this.table.dataset.concealed = ""; // it has the answer to the bet
    this.#show();
    return [element("div.scroll", { tabIndex: 0 }, this.table)];
  }

  allowed() {
    delete this.table.dataset.concealed;
  }

  async experiment(signal) {
    const { only } = this;
    this.only = null;
    const wanted = only ?? [...new Set(this.claims.flatMap(({ groups }) => groups))];
    for (const [i, name] of wanted.entries()) {
      for await (const line of start("measure", { names: [name] }, signal)) {
        if (line.line) throw new LabError(line.line);
        if (line.begins) this.report(`${i + 1} of ${wanted.length}: ${line.doc} …`);
      }
      await this.#show();
    }
    const standing = this.claims.filter(({ verdict }) => verdict === "stands").length;
    const summary = `Of ${this.claims.length} claims, ${standing} stand on this machine.`;
    const raw = this.claims.map(({ groups, ...claim }) => ({ ...claim, groups: groups.join(" ") }));
    const values = only ? {} : { standing }; // one row is no audit
    return { raw, n: this.claims.length, warmUp: "as each measurement says", values, summary };
  }

  async #show() {
    const response = await fetch("/claims", { cache: "no-store" });
    if (!response.ok) return;
    this.claims = (await response.json()).claims;
    this.body.replaceChildren(...this.claims.map((claim) => this.#row(claim)));
  }

  #row({ source, says, here, verdict, groups }) {
    const run = element("button.quiet", { type: "button", ariaLabel: `Measure again: ${says}` }, "Measure");
    run.addEventListener("click", () => {
      if (this.run.disabled) return;
      this.only = groups;
      this.run.click();
    });
    const cells = [source, says, here].map((text) => element("td", {}, text));
    const judged = element("td", {}, element("strong", {}, verdict));
    return element("tr", {}, ...cells, judged, element("td", {}, run));
  }
}

customElements.define("claims-audit", ClaimsAudit);
