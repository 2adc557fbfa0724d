// The table of transports, as the browser knows them: the same rows as on the server.
//
// To offer another transport, add its row here and its module beside this file. Each has a colour in css/base.css and a
// shape in shapes.svg, under its name: no transport is told by its colour alone.

import { connect as longPolling } from "./long_polling.js";
import { connect as serverSentEvents } from "./server_sent_events.js";
import { connect as shortPolling } from "./short_polling.js";
import { connect as websocket } from "./websockets.js";

/** @type {readonly import("./client/contract.js").Transport[]} */
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
 * @returns {import("./client/contract.js").Transport}
 */
export function transportNamed(name) {
  return TRANSPORTS.find((transport) => transport.name === name) ?? TRANSPORTS[0];
}
