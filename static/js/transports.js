// The table of transports, as the browser knows them: the same rows as on the server.
//
// To offer another transport, add its row here, its module beside this file, and its line (colour and shape)
// in css/transports.css, under its name: no transport is told apart by its colour alone.

import { automatic } from "./client/fallback.js";
import { connect as longPolling } from "./long_polling.js";
import { connect as serverSentEvents } from "./server_sent_events.js";
import { connect as shortPolling } from "./short_polling.js";
import { connect as websocket } from "./websockets.js";
import { recall, remember } from "./site/storage.js";

/** @typedef {import("./client/contract.js").Transport} Transport */

/** @type {readonly Transport[]} */
export const TRANSPORTS = Object.freeze([
  {
    name: "short-polling",
    label: "short polling",
    summary: "Asks every second whether there is something new.",
    pushes: false,
    preference: 4,
    connect: shortPolling,
  },
  {
    name: "long-polling",
    label: "long polling",
    summary: "Asks, and the server answers when there is a message.",
    pushes: false,
    preference: 3,
    connect: longPolling,
  },
  {
    name: "websocket",
    label: "WebSocket",
    summary: "One connection stays open; both sides send at any time.",
    pushes: true,
    preference: 1,
    connect: websocket,
  },
  {
    name: "server-sent-events",
    label: "server-sent events",
    summary: "One answer never ends; each message is added to it.",
    pushes: true,
    preference: 2,
    connect: serverSentEvents,
  },
]);

/** The best of them that works here. @type {Transport} */
export const AUTOMATIC = {
  name: "automatic",
  label: "automatic",
  summary: "Tries WebSocket first, then the others, until one works.",
  pushes: true,
  preference: 0,
  connect: automatic(TRANSPORTS, {
    recall: () => recall("transport", isName, null),
    remember: (name) => remember("transport", name),
  }),
};

/**
 * Find a transport by its name; another name gives the automatic one.
 * @param {string | null} name
 * @returns {Transport}
 */
export function transportNamed(name) {
  return TRANSPORTS.find((transport) => transport.name === name) ?? AUTOMATIC;
}

/** @param {unknown} value @returns {value is string} */
function isName(value) {
  return TRANSPORTS.some(({ name }) => name === value);
}
