// The wire between a pane and the server: the browser's `fetch`, `WebSocket` and `EventSource`, with a counter and a switch.
//
// A transport is given a wire in place of the browser's own, and doesn't notice. Bodies and frames are counted to the
// byte; of a request's headers the server told the length once (see metering/calibration.js); of the WebSocket handshake we
// give a typical value; TCP, IP and the pings that no script sees are left out.

import { bytesOf, headerBytes, responseHeadBytes } from "./bytes.js";
import { calibrate } from "./calibration.js";
import { named } from "./page_label.js";
import { MeteredEventSource } from "./metered_event_source.js";
import { MeteredSocket } from "./metered_socket.js";

const KEPT = 600; // entries, for the picture

/**
 * @typedef {object} Entry  something that crossed the wire; times as `performance.now()` gives them
 * @property {"request" | "socket" | "frame"} kind
 * @property {string} what
 * @property {number} start
 * @property {number | null} end  null: not yet
 * @property {number} up  bytes
 * @property {number} down
 * @property {boolean} failed
 */

/** One pane's wire. */
export class Wire {
  /** @type {Entry[]} */
  entries = [];
  requests = 0;
  frames = 0;
  connections = 0;
  up = 0;
  down = 0;
  offlineUntil = 0;
  #headBytes = 500;
  #cutting = new AbortController();
  #timings = new PerformanceObserver((list) => this.#time(list.getEntries()));

  constructor() {
    calibrate().then(({ headBytes }) => (this.#headBytes = headBytes));
    this.#timings.observe({ type: "resource" });
    const wire = this;
    this.WebSocket = class extends MeteredSocket {
      constructor(url) {
        super(named(url), wire);
      }
    };
    this.EventSource = class extends MeteredEventSource {
      constructor(url) {
        super(named(url), wire, wire.#upBytes(named(url), {}));
      }
    };
  }

  /**
   * Cut what is connected now; a transport sees a network error, or a socket that closed.
   * @returns {number} how many requests and sockets were under way
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

  /** Aborts when the wire is cut. */
  get cutting() {
    return this.#cutting.signal;
  }

  get offline() {
    return performance.now() < this.offlineUntil;
  }

  /** As `globalThis.fetch`. @type {typeof fetch} */
  fetch = async (address, init = {}) => {
    if (this.offline) throw new TypeError("offline");
    const method = init.method ?? "GET";
    address = named(address);
    const entry = this.began("request", method, this.#upBytes(address, init));
    this.requests += 1;
    entry.address = address;
    try {
      const signal = AbortSignal.any([this.cutting, ...(init.signal ? [init.signal] : [])]);
      const response = await fetch(address, { ...init, signal });
      const body = await response.arrayBuffer();
      entry.what = `${method} ${response.status}`;
      this.ended(entry, responseHeadBytes(response) + body.byteLength);
      return new Response(body, response);
    } catch (error) {
      this.ended(entry, 0, true);
      throw error;
    }
  };

  #upBytes(address, { method = "GET", headers = {}, body = "" }) {
    const { pathname, search, origin } = new URL(address, location.href);
    const length = String(bytesOf(body));
    const posted = method === "POST" ? Object.entries({ ...headers, "Content-Length": length, Origin: origin }) : [];
    return this.#headBytes + method.length + pathname.length + search.length + headerBytes(posted) + bytesOf(body);
  }

  /** Note that something begins to cross. @returns {Entry} */
  began(kind, what, up) {
    const entry = { kind, what, start: performance.now(), end: null, up, down: 0, failed: false };
    this.up += up;
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    return entry;
  }

  /** Note that it has crossed, or hasn't. */
  ended(entry, down, failed = false) {
    Object.assign(entry, { end: performance.now(), down: entry.down + down, failed });
    this.down += down;
  }

  /** Count the connections that requests opened: the browser tells how long each took to connect. */
  #time(timings) {
    for (const { name, startTime, connectStart, connectEnd } of timings) {
      const mine = ({ address, start }) => address === name && Math.abs(start - startTime) < 50;
      if (connectEnd > connectStart && this.entries.some(mine)) this.connections += 1;
    }
  }
}
