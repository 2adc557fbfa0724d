// <suite-lab>: the project's conformance suite, run now, on this machine: each claim of the contract, for
// each transport.
//
// Measures: `passed`, `failed`, `seconds`.

import { element } from "../site/element.js";
import { Lab } from "../lab/lab.js";
import { start } from "../lab/runs.js";

const LINE = /::(\w+)(?:\[(.+)\])? (PASSED|FAILED|SKIPPED|ERROR|XFAIL)/;

class SuiteLab extends Lab {
  static heading = "The conformance suite, run on this machine";

  output() {
    this.list = element("ul.suite", { tabIndex: 0, ariaLabel: "Claims and how each fared" });
    return [this.list];
  }

  async experiment(signal) {
    this.list.replaceChildren();
    const claims = new Map();
    const raw = [];
    const began = performance.now();
    this.report("pytest starts …");
    for await (const { line } of start("suite", {}, signal)) {
      const [, name, given = "", outcome] = LINE.exec(line ?? "") ?? [];
      if (!name) continue;
      raw.push({ name, given, outcome });
      this.#show(claims, name, given, outcome);
      this.report(`${raw.length} checks so far.`);
    }
    const passed = raw.filter(({ outcome }) => outcome === "PASSED").length;
    const failed = raw.filter(({ outcome }) => outcome === "FAILED" || outcome === "ERROR").length;
    const seconds = (performance.now() - began) / 1000;
    const summary =
      `${passed} passed, ${failed} failed, in ${seconds.toFixed(1)} s: ${claims.size} claims, each for ` +
      `every transport that it is made of.`;
    return { raw, n: raw.length, values: { passed, failed, seconds }, summary };
  }

  #show(claims, name, given, outcome) {
    if (!claims.has(name)) {
      claims.set(name, element("span.suite-marks"));
      this.list.append(
        element(
          "li",
          {},
          element("span", {}, name.replace(/^test_/, "").replaceAll("_", " ")),
          claims.get(name),
        ),
      );
    }
    const signs = { PASSED: "✓", SKIPPED: "–", XFAIL: "–" };
    claims
      .get(name)
      .append(
        element(
          `i.${outcome.toLowerCase()}`,
          { title: `${given || "once"}: ${outcome.toLowerCase()}` },
          signs[outcome] ?? "✕",
        ),
      );
    this.list.scrollTop = this.list.scrollHeight;
  }
}

customElements.define("suite-lab", SuiteLab);
