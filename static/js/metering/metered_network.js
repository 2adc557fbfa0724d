// A pane's way to the server: the browser's `fetch`, `WebSocket` and `EventSource`, with a counter and a
// switch.
//
// A transport is given this network in place of the browser's own, and doesn't notice. Bodies and frames are
// counted to the byte; the length of a request's headers was reported by the server once (see
// calibration.js); of the WebSocket handshake we use a typical value; TCP, IP and the pings that no script
// sees are left out.

import { bytesOf, headerBytes, responseHeadBytes } from "./bytes.js";
import { calibrate } from "./calibration.js";
import { MeteredEventSource } from "./metered_event_source.js";
import { MeteredSocket } from "./metered_socket.js";
import { labelled } from "./page_label.js";

const ENTRIES_MOST = 600; // for the picture

/**
 * @typedef {object} Entry  something that crossed the network; times as `performance.now()` gives them
 * @property {"request" | "socket" | "frame" | "change"} kind  "change": of the transport
 * @property {string} what
 * @property {string} [address]
 * @property {number} start
 * @property {number | null} end  null: not yet
 * @property {number} up  bytes
 * @property {number} down
 * @property {boolean} failed
 * @property {string} over  the transport's name
 */

/** One pane's way to the server. */
export class MeteredNetwork {
  /** @type {Entry[]} */
  entries = [];
  requests = 0;
  frames = 0;
  connections = 0;
  up = 0;
  down = 0;
  offlineUntil = 0;
  /** The name of the transport in use; a message is posted over plain HTTP, and counts as its. */
  over = "";
  #headBytes = 500;
  #cutting = new AbortController();
  #timings = new PerformanceObserver((list) =>
    this.#countConnections(/** @type {PerformanceResourceTiming[]} */ (list.getEntries())),
  );

  constructor() {
    calibrate().then(({ headBytes }) => (this.#headBytes = headBytes));
    this.#timings.observe({ type: "resource" });
    const network = this;
    this.WebSocket = class extends MeteredSocket {
      /** @param {string} url */
      constructor(url) {
        super(labelled(url), network);
      }
    };
    this.EventSource = class extends MeteredEventSource {
      /** @param {string} url */
      constructor(url) {
        super(labelled(url), network, network.#upBytes(labelled(url), {}));
      }
    };
  }

  /**
   * Cut what is connected now; a transport sees a network error, or a socket that closed.
   * @returns {number} how many requests and sockets were open
   */
  cut() {
    const open = this.entries.filter(({ end }) => end === null).length;
    this.#cutting.abort();
    this.#cutting = new AbortController();
    return open;
  }

  /** Cut, and let nothing through. @param {number} ms */
  goOffline(ms) {
    this.offlineUntil = performance.now() + ms;
    this.cut();
  }

  /** Aborts when the network is cut. */
  get cutting() {
    return this.#cutting.signal;
  }

  get offline() {
    return performance.now() < this.offlineUntil;
  }

  /** As `globalThis.fetch`. @type {import("../client/contract.js").Network["fetch"]} */
  fetch = async (address, request = {}) => {
    if (this.offline) throw new TypeError("offline");
    const method = request.method ?? "GET";
    address = labelled(address);
    const over = method === "POST" ? this.over : this.transportIn(address);
    const entry = this.began("request", method, this.#upBytes(address, request), over);
    this.requests += 1;
    entry.address = address;
    try {
      const signal = AbortSignal.any([this.cutting, ...(request.signal ? [request.signal] : [])]);
      const response = await fetch(address, { ...request, signal });
      const body = await response.arrayBuffer();
      entry.what = `${method} ${response.status}`;
      this.ended(entry, responseHeadBytes(response) + body.byteLength);
      return new Response(body, response);
    } catch (error) {
      this.ended(entry, 0, true);
      throw error;
    }
  };

  /** Return the name of the transport that an address ends with. @param {string} address @returns {string} */
  transportIn(address) {
    return new URL(address).pathname.split("/").at(-1) ?? "";
  }

  /** @param {string} address @param {RequestInit} request */
  #upBytes(address, { method = "GET", headers = {}, body = "" }) {
    const { pathname, search, origin } = new URL(address, location.href);
    const bytes = bytesOf(String(body));
    const more = { ...headers, "Content-Length": String(bytes), Origin: origin };
    const posted = method === "POST" ? headerBytes(Object.entries(more)) : 0;
    return this.#headBytes + method.length + pathname.length + search.length + posted + bytes;
  }

  /**
   * Note that something begins to cross.
   * @param {Entry["kind"]} kind
   * @param {string} what
   * @param {number} up
   * @param {string} over
   * @returns {Entry}
   */
  began(kind, what, up, over) {
    /** @type {Entry} */
    const entry = { kind, what, start: performance.now(), end: null, up, down: 0, failed: false, over };
    this.up += up;
    this.entries.push(entry);
    if (this.entries.length > ENTRIES_MOST) this.entries.shift();
    return entry;
  }

  /**
   * Note that it has crossed, or hasn't.
   * @param {Entry} entry
   * @param {number} down
   * @param {boolean} [failed]
   */
  ended(entry, down, failed = false) {
    Object.assign(entry, { end: performance.now(), down: entry.down + down, failed });
    this.down += down;
  }

  /** Note that another transport is used from now on. @param {{name: string, label: string}} transport */
  change({ name, label }) {
    this.over = name;
    this.ended(this.began("change", `now over ${label}`, 0, name), 0);
  }

  /**
   * Count the connections that requests opened: the browser reports how long each took.
   * @param {PerformanceResourceTiming[]} timings
   */
  #countConnections(timings) {
    for (const { name, startTime, connectStart, connectEnd } of timings) {
      const mine = this.entries.some(
        ({ address, start }) => address === name && Math.abs(start - startTime) < 50,
      );
      if (connectEnd > connectStart && mine) this.connections += 1;
    }
  }
}
