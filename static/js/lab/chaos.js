// The chaos proxy, from the page's side: links between this page and a server that can be slowed, cut and
// frozen (see tutorial/laboratory/chaos.py).
//
// Each name gets a link: a port of this machine. All of them end when the signal aborts, or with the page.

import { LabError } from "./lab.js";

/**
 * @typedef {object} Links
 * @property {Record<string, string>} bases  of each name, where its link begins: "http://127.0.0.1:4711"
 * @property {(settings: object) => void} set  `{link, latency_ms, jitter_ms, drip}`, or `{link, do: "cut"}`;
 *   without `link`: all
 *
 * @typedef {{link: string, connection: number, way: "up" | "down", at: number, bytes: Uint8Array}} Recorded
 */

/**
 * Open links.
 * @param {string[]} names
 * @param {object} how
 * @param {AbortSignal} how.signal
 * @param {string} [how.server]  the other end: this server, or a disposable one with this store ("memory",
 *   "sqlite")
 * @param {(recorded: Recorded) => void} [how.onBytes]
 * @returns {Promise<Links>}
 * @throws {LabError}
 */
export function openLinks(names, { signal, server = "", onBytes }) {
  const address = `/chaos?links=${names}&server=${server}&record=${onBytes ? 1 : ""}`;
  const socket = new WebSocket(new URL(address, location.href).href.replace(/^http/, "ws"));
  signal.addEventListener("abort", () => socket.close());
  const set = (/** @type {object} */ settings) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(settings));
  };
  return new Promise((resolve, reject) => {
    const nowhere = "the chaos proxy runs only on the machine that runs the server";
    socket.addEventListener("close", () => reject(new LabError(nowhere)));
    socket.addEventListener("message", ({ data }) => {
      const { ports, bytes, ...recorded } = JSON.parse(data);
      if (ports) resolve({ bases: basesOf(ports), set });
      else if (bytes !== undefined) onBytes?.({ ...recorded, bytes: decoded(bytes) });
    });
  });
}

/** @param {Record<string, number>} ports */
function basesOf(ports) {
  const base = (/** @type {number} */ port) => `${location.protocol}//${location.hostname}:${port}`;
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, base(port)]));
}

/** @param {string} base64 */
function decoded(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
