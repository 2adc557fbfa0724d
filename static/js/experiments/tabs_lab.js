// <tabs-lab>: seven tabs of one room, over one host: what the sixth and the seventh feel.
//
// A browser opens at most six HTTP/1.1 connections to a host, for all its tabs together; so seven readers in this page are
// seven tabs. Each way to read has a port of its own (a link of the chaos proxy), and with it six connections of its
// own; so this page stays alive. Over HTTPS there are no links: all goes to the page's own host, by whatever HTTP it
// speaks. Measures: `streams` (how many of seven event streams get a message), `post_six` (ms, what a post takes
// while six tabs long-poll), `post_shared` (ms, with seven tabs that share a stream).

import { openLinks } from "../lab/chaos.js";
import { Lab } from "../lab/lab.js";
import { RoomReader, ownRoom, send, sleep } from "../lab/room_reader.js";
import { pause } from "../client/retry.js";
import { shared } from "../client/shared.js";
import { labelledNetwork } from "../metering/page_label.js";
import { element, shapeOf } from "../site/element.js";
import { delay } from "../site/formatting.js";
import { transportNamed } from "../transports.js";

const TABS = 7;
const HOLD_SECONDS = 3; // in place of 25, so that nobody has to wait so long here
const GIVE_UP_MS = 4000; // longer than a hold: what isn't done by then waits for a tab to close
const SETTLE_MS = 100; // a long poll that was answered asks again
/** @type {{name: string, transport: string, label: string, one?: boolean}[]} */
const WAYS = [
  { name: "long", transport: "long-polling", label: "long polling" },
  { name: "stream", transport: "server-sent-events", label: "server-sent events" },
  { name: "socket", transport: "websocket", label: "WebSocket" },
  { name: "shared", transport: "server-sent-events", label: "one stream for all tabs", one: true },
];
const HEADS = [
  "over",
  "1 tab: a post takes",
  "6 tabs: a post",
  "the 7th opens in",
  "7 tabs: a post",
  "get a message",
];

class TabsLab extends Lab {
  static heading = "Seven tabs";

  output() {
    this.rows = Object.fromEntries(WAYS.map((way) => [way.name, row(way)]));
    const heads = HEADS.map((head) => element("th", { scope: "col" }, head));
    const body = element("tbody", {}, ...Object.values(this.rows).map(({ node }) => node));
    const head = element("thead", {}, element("tr", {}, ...heads));
    return [element("div.scroll", { tabIndex: 0 }, element("table.costs", {}, head, body))];
  }

  async experiment(signal) {
    const bases = await basesOf(signal);
    this.report("Tabs open, one after another …");
    const found = await Promise.all(WAYS.map((way) => this.#measure(way, bases[way.name], signal)));
    const raw = found.map((measured, i) => ({ over: WAYS[i].label, ...measured }));
    const [long, stream, , one] = found;
    const values = { streams: stream.reached, post_six: long.postSix, post_shared: one.postSeven };
    const summary =
      `Over ${protocol()}: ${stream.reached} of ${TABS} event streams get a message. With six tabs that long-poll, ` +
      `a post takes ${took(long.postSix)}; with seven tabs that share one stream, ${took(one.postSeven)}.`;
    return {
      raw,
      n: WAYS.length * TABS,
      warmUp: "none",
      values,
      conditions: { protocol: protocol() },
      summary,
    };
  }

  async #measure(way, base, signal) {
    const url = `${base}/rooms/${ownRoom("tabs")}`;
    const { show } = this.rows[way.name];
    const tabs = [];
    const open = async (count) => {
      await sleep(SETTLE_MS, signal);
      while (tabs.length < count) tabs.push(await openTab(way, url, signal));
      await sleep(SETTLE_MS, signal);
      return tabs.at(-1).opened;
    };
    /** @type {[string, () => Promise<number>][]} */
    const steps = [
      ["openOne", () => open(1)],
      ["postOne", () => timed((giveUp) => send(url, "1 tab", giveUp), signal)],
      ["openSix", () => open(TABS - 1)],
      ["postSix", () => timed((giveUp) => send(url, "6 tabs", giveUp), signal)],
      ["openSeven", () => open(TABS)],
      ["postSeven", () => timed((giveUp) => send(url, "7 tabs", giveUp), signal)],
      ["reached", () => reached(new URL(url, location.href).pathname, tabs, signal)],
    ];
    /** @type {Record<string, number>} */
    const measured = {};
    for (const [name, step] of steps) {
      measured[name] = await step();
      show(measured);
    }
    return measured;
  }
}

/** Return where each way reads: a link of its own, or this page's own host when it is secure. */
async function basesOf(signal) {
  const names = WAYS.map(({ name }) => name);
  if (location.protocol === "https:") return Object.fromEntries(names.map((name) => [name, ""]));
  return (await openLinks(names, { signal })).bases;
}

/** Open one more tab, and wait until it has its first batch, or for GIVE_UP_MS. */
async function openTab(way, url, signal) {
  const reader = new RoomReader();
  const transport = transportNamed(way.transport);
  const opened = await timed(
    (giveUp) =>
      new Promise((resolve, reject) => {
        giveUp.addEventListener("abort", reject);
        const onBatch = (batch) => resolve(reader.apply(batch));
        const reading = { cursor: null, network: patient, onState: () => {}, onBatch, signal };
        (way.one ? shared(transport) : transport).connect(url, reading);
      }),
    signal,
  );
  return { reader, opened };
}

/** As the page's network, but each poll is held for HOLD_SECONDS. @type {import("../client/contract.js").Network} */
const patient = {
  ...labelledNetwork,
  fetch: (address, request) => {
    const url = new URL(address, location.href);
    if (url.pathname.endsWith("/long-polling") && !url.searchParams.has("wait"))
      url.searchParams.set("wait", String(HOLD_SECONDS));
    return labelledNetwork.fetch(url.href, request);
  },
};

/** Return how long something takes (ms); Infinity when it isn't done after GIVE_UP_MS. */
async function timed(work, signal) {
  const began = performance.now();
  try {
    await work(AbortSignal.any([signal, AbortSignal.timeout(GIVE_UP_MS)]));
    return performance.now() - began;
  } catch {
    signal.throwIfAborted();
    return Infinity;
  }
}

/** Post a message from outside these tabs, and return how many of them get it. */
async function reached(url, tabs, signal) {
  const { id } = await send(url, "from elsewhere", signal);
  const count = () => tabs.filter(({ reader }) => reader.received.some((one) => one.id === id)).length;
  for (const began = performance.now(); count() < TABS && performance.now() - began < GIVE_UP_MS;)
    await pause(50, signal);
  signal.throwIfAborted();
  return count();
}

function protocol() {
  const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return { h2: "HTTP/2", h3: "HTTP/3" }[page.nextHopProtocol] ?? "HTTP/1.1";
}

function took(ms) {
  return ms === Infinity ? "for ever" : delay(ms);
}

function row(way) {
  const cells = HEADS.slice(1).map(() => element("td", {}, "–"));
  const shape = way.one ? [] : [shapeOf({ name: way.transport }), " "];
  const node = element("tr", {}, element("th", { scope: "row" }, ...shape, way.label), ...cells);
  const show = (
    /** @type {Record<string, number>} */ { postOne, postSix, openSeven, postSeven, reached: count },
  ) => {
    const words = (ms) =>
      ms === undefined ? "…" : ms === Infinity ? `not in ${GIVE_UP_MS / 1000} s` : delay(ms);
    const texts = [postOne, postSix, openSeven, postSeven].map(words);
    [...texts, count === undefined ? "…" : `${count} of ${TABS}`].forEach(
      (text, i) => (cells[i].textContent = text),
    );
  };
  return { node, show };
}

customElements.define("tabs-lab", TabsLab);
