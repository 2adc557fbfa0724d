// Wires: a page's hand on the chaos proxy that the tutorial starts for it (see tutorial/laboratory/chaos.py).
//
// Each name gets a wire: a port of this machine, with knobs. All of them go when the signal aborts, or with the page.

import { LabError } from "./lab.js";

/**
 * @typedef {object} Wires
 * @property {Record<string, string>} bases  of each name, where its wire begins: "http://127.0.0.1:4711"
 * @property {(knobs: object) => void} turn  `{link, latency_ms, jitter_ms, drip}`, or `{link, do: "cut"}`; without `link`: all
 */

/**
 * Lay wires.
 * @param {string[]} names
 * @param {object} how
 * @param {AbortSignal} how.signal
 * @param {"" | "memory" | "sqlite"} [how.server]  what is at the other end: this server, or a throw-away one with this store
 * @param {(told: {link: string, connection: number, way: "up" | "down", at: number, bytes: Uint8Array}) => void} [how.onBytes]
 * @returns {Promise<Wires>}
 * @throws {LabError}
 */
export function layWires(names, { signal, server = "", onBytes }) {
  const address = `/chaos?links=${names}&server=${server}&record=${onBytes ? 1 : ""}`;
  const socket = new WebSocket(new URL(address, location.href).href.replace(/^http/, "ws"));
  signal.addEventListener("abort", () => socket.close());
  const turn = (knobs) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(knobs));
  return new Promise((resolve, reject) => {
    socket.addEventListener("close", () => reject(new LabError("the proxy can only be had on the machine that runs the server")));
    socket.addEventListener("message", ({ data }) => {
      const told = JSON.parse(data);
      if (told.ports) resolve({ bases: based(told.ports), turn });
      else if (told.bytes !== undefined) onBytes?.({ ...told, bytes: decoded(told.bytes) });
    });
  });
}

function based(ports) {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `${location.protocol}//${location.hostname}:${port}`]));
}

function decoded(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
