// <hold-timeline>: three held requests, seen from both ends: one that times out, one that a message releases,
// one that needn't wait. Then twenty short holds, because three values would be noise.
//
// How long the server held is the server's own word (`Server-Timing`). Measures: `held` (ms, the released
// one), `overhead` (ms, what the browser waited beyond the hold, the median of the twenty).

import { PAGE_LABEL } from "../metering/page_label.js";
import { digits } from "../site/formatting.js";
import { percentile } from "../site/statistics.js";
import { Lab } from "../lab/lab.js";
import { ownRoom, sleep, send } from "../lab/room_reader.js";
import { Plot } from "../lab/plot.js";

const WAIT_SECONDS = 2;
const SAID_AFTER_MS = 1200;
const SHORT_HOLDS = 20;
const SHORT_HOLD_SECONDS = 0.1;

class HoldTimeline extends Lab {
  static heading = "One handler’s await, from both ends";

  output() {
    this.plot = new Plot("Three requests: on their way, held, and on their way back");
    this.#show([]);
    return [this.plot.node];
  }

  async experiment(signal) {
    const url = `/rooms/${ownRoom("hold")}`;
    const began = performance.now();
    const asks = [];
    const ask = async (label, cursor) => {
      this.report(`${label}: asked, and held …`);
      const one = await held(
        `${url}/long-polling?cursor=${cursor}&wait=${WAIT_SECONDS}&client=${PAGE_LABEL}`,
        signal,
      );
      asks.push({ label, ...one, sent: one.sent - began, back: one.back - began });
      this.#show(asks);
      return one.cursor;
    };
    await held(`${url}/long-polling?wait=0`, signal);
    const start = await ask("held until time is up", "now");
    const speaking = sleep(SAID_AFTER_MS, signal).then(() => send(url, "released", signal));
    const cursor = await ask("held until a message comes", start);
    await speaking;
    await send(url, "between two polls", signal);
    const end = await ask("a message is there already: not held", cursor);
    return this.#result(asks, await this.#shortHolds(url, end, began, signal));
  }

  async #shortHolds(url, cursor, began, signal) {
    const address = `${url}/long-polling?cursor=${cursor}&wait=${SHORT_HOLD_SECONDS}`;
    const holds = [];
    for (let number = 1; number <= SHORT_HOLDS; number++) {
      this.report(`Short hold ${number} of ${SHORT_HOLDS} …`);
      const one = await held(address, signal);
      holds.push({ label: "a short hold", ...one, sent: one.sent - began, back: one.back - began });
    }
    return holds;
  }

  #show(asks) {
    const rows = asks.map(({ label, sent, back, hold }) => {
      const way = (back - sent - hold) / 2; // each way; only their sum is known
      const spans = [
        { from: sent, to: sent + way, kind: "asking" },
        { from: sent + way, to: back - way, kind: "held" },
        { from: back - way, to: back, kind: "answering" },
      ];
      return { label, transport: "long-polling", spans };
    });
    const most = (WAIT_SECONDS * 1000 + SAID_AFTER_MS) * 1.1;
    this.plot.timeline(rows, { label: "ms", most });
  }

  #result(asks, shortHolds) {
    const overheads = shortHolds.map(({ sent, back, hold }) => back - sent - hold);
    const values = { held: asks[1].hold, timed_out: asks[0].hold, overhead: percentile(overheads, 0.5) };
    const summary =
      `Held ${digits(asks[0].hold)} ms until time was up, ${digits(asks[1].hold)} ms until a message ` +
      `came, and ` +
      `${digits(asks[2].hold)} ms when there was one already. In ${SHORT_HOLDS} short holds, the browser ` +
      `waited ${digits(values.overhead)} ms longer than the hold (median).`;
    const raw = [...asks, ...shortHolds].map(({ label, sent, back, hold, messages }) => ({
      label,
      sent,
      back,
      hold,
      messages,
    }));
    return { raw, n: shortHolds.length, warmUp: "the three requests above", values, summary };
  }
}

async function held(address, signal) {
  const sent = performance.now();
  const response = await fetch(address, { cache: "no-store", signal });
  const { cursor, messages } = await response.json();
  const back = performance.now();
  const hold = Number(/hold;dur=([\d.]+)/.exec(response.headers.get("Server-Timing"))[1]);
  return { sent, back, hold, cursor, messages: messages.length };
}

customElements.define("hold-timeline", HoldTimeline);
