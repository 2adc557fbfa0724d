// Read a room to its message N with a client of npm: JUDGES=FOLDER node by_node.mjs CLIENT BASE CURSOR N
//
// Prints the ids in the order in which they were applied. The client's own way of coming back is what is judged; for a
// WebSocket, which has none, the next address carries the new cursor.

import { createRequire } from "node:module";

const [client, base, first, last] = process.argv.slice(2);
const require = createRequire(`${process.env.JUDGES}/`);
const ids = [];
let cursor = first;

function apply(text) {
  const batch = JSON.parse(text);
  if (batch.gap) ids.length = 0;
  for (const { id } of batch.messages) if (ids.length === 0 || id > ids.at(-1)) ids.push(id);
  cursor = batch.cursor;
  if (ids.at(-1) < Number(last)) return;
  console.log(JSON.stringify(ids));
  process.exit(0);
}

const events = `${base}/server-sent-events?cursor=${first}`;
const socket = () => `${base.replace("http", "ws")}/websocket?cursor=${cursor}`;

const CLIENTS = {
  eventsource() {
    const { EventSource } = require("eventsource");
    new EventSource(events).addEventListener("batch", ({ data }) => apply(data));
  },
  "@microsoft/fetch-event-source"() {
    globalThis.window = globalThis; // it is made for a page
    globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
    const { fetchEventSource } = require("@microsoft/fetch-event-source");
    const ended = () => {
      throw new Error("the stream ended: come back");
    };
    fetchEventSource(events, { onmessage: ({ data }) => data && apply(data), onclose: ended });
  },
  "reconnecting-websocket"() {
    const ReconnectingWebSocket = require("reconnecting-websocket");
    const options = { WebSocket: require("ws"), minReconnectionDelay: 50, maxReconnectionDelay: 200 };
    new ReconnectingWebSocket(socket, [], options).addEventListener("message", ({ data }) => apply(data));
  },
  ws() {
    const WebSocket = require("ws");
    const connection = new WebSocket(socket());
    connection.on("message", (data) => apply(String(data)));
    connection.on("error", () => {});
    connection.on("close", () => setTimeout(CLIENTS.ws, 50));
  },
};

CLIENTS[client]();
