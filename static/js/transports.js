// The table of transports, as the browser knows them: the same rows as on the server.
//
// To offer another transport, add its row here and its module beside this file. Each has a colour in css/base.css and a
// shape in shapes.svg, under its name: no transport is told by its colour alone.

import { connect as longPolling } from "./long_polling.js";
import { connect as serverSentEvents } from "./server_sent_events.js";
import { connect as shortPolling } from "./short_polling.js";
import { connect as websocket } from "./websockets.js";

/**
 * @typedef {object} Message  as the wire contract says
 * @property {number} id
 * @property {string} author
 * @property {string} text
 * @property {number} sent_at  seconds since 1970, on the server's clock
 * @property {string} [key]
 *
 * @typedef {{cursor: string, gap: boolean, more: boolean, messages: Message[]}} Batch
 *
 * @typedef {object} State  what a connection does at this moment; times in ms, as `performance.now()` gives them
 * @property {"asking" | "resting" | "held" | "connecting" | "open" | "retrying" | "refused"} name
 * @property {number} [since]
 * @property {number} [until]
 * @property {string} [why]
 * @property {(draft: object) => Promise<object>} [send]  a way up of its own (an open WebSocket has one)
 *
 * @typedef {object} Connecting
 * @property {string | null} cursor  where to go on; null: with the newest messages
 * @property {(batch: Batch) => void} onBatch
 * @property {(state: State) => void} onState
 * @property {AbortSignal} signal  ends it
 * @property {{fetch: typeof fetch, WebSocket: typeof WebSocket, EventSource: typeof EventSource}} [wire]  the browser's own, or one that counts
 *
 * @typedef {object} Transport
 * @property {string} name  as in addresses
 * @property {string} label  as in prose
 * @property {string} way  what it does, in a few words
 * @property {(url: string, how: Connecting) => Promise<void>} connect
 */

/** @type {readonly Transport[]} */
export const TRANSPORTS = Object.freeze([
  {
    name: "short-polling",
    label: "short polling",
    way: "asks again and again",
    connect: shortPolling,
  },
  {
    name: "long-polling",
    label: "long polling",
    way: "asks once, and is held",
    connect: longPolling,
  },
  {
    name: "websocket",
    label: "WebSocket",
    way: "stays open, both ways",
    connect: websocket,
  },
  {
    name: "server-sent-events",
    label: "server-sent events",
    way: "stays open, and listens",
    connect: serverSentEvents,
  },
]);

/**
 * Find a transport by its name; another name gives the first.
 * @param {string | null} name
 * @returns {Transport}
 */
export function transportNamed(name) {
  return TRANSPORTS.find((transport) => transport.name === name) ?? TRANSPORTS[0];
}
