// WebSocket, from the browser: tell me, for as long as I'm here.
//
// One handshake, then frames both ways: batches down, messages up, each message answered by an ack or an error.
// A browser answers the server's pings by itself and shows them to no script: of a peer that vanished without a word
// this side learns only when it sends.

import { following } from "./client/request.js";
import { Refused, Retry, Unreachable } from "./client/retry.js";

/**
 * Read a room, until the signal aborts. While the socket is open, its state offers `send`.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Connecting} how
 */
export async function connect(url, how) {
  const { onBatch, onState, signal, wire = globalThis } = how;
  let { cursor } = how;
  const retry = new Retry(onState, signal);
  const room = new URL(`${url}/websocket`, location.href).href.replace(/^http/, "ws");
  while (retry.goesOn) {
    onState({ name: "connecting" });
    const socket = new wire.WebSocket(following(room, cursor));
    const sending = new Sending(socket);
    socket.addEventListener("open", () => onState({ name: "open", since: performance.now(), send: sending.send }));
    socket.addEventListener("message", ({ data }) => {
      const said = JSON.parse(data);
      if (said.type !== "batch") return sending.answered(said);
      if (signal.aborted) return;
      retry.succeeded();
      cursor = said.cursor;
      onBatch(said);
    });
    const closed = await ended(socket, signal);
    sending.failed();
    await retry.after(closed);
  }
}

/** Wait for the socket's end, and give what it means: 1008 and 44xx are for good. */
function ended(socket, signal) {
  const hangUp = () => socket.close();
  signal.addEventListener("abort", hangUp);
  return new Promise((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => {
      signal.removeEventListener("abort", hangUp);
      const forGood = code === 1008 || (code >= 4400 && code <= 4499);
      resolve(forGood ? new Refused(reason, code) : new Unreachable(reason || `closed (${code})`));
    });
  });
}

/** The way up: each message waits, by its key, for what the server answers. */
class Sending {
  #waiting = new Map();

  constructor(socket) {
    this.send = (draft) =>
      new Promise((resolve, reject) => {
        this.#waiting.set(draft.key, { resolve, reject });
        socket.send(JSON.stringify({ type: "send", ...draft }));
      });
  }

  answered(said) {
    const waiter = this.#waiting.get(said.key);
    this.#waiting.delete(said.key);
    if (said.type === "ack") waiter?.resolve(said);
    else if (said.status === 503) waiter?.reject(new Unreachable(said.detail));
    else waiter?.reject(new Refused(said.detail, said.status));
  }

  failed() {
    for (const { reject } of this.#waiting.values()) reject(new Unreachable("the connection closed"));
    this.#waiting.clear();
  }
}
