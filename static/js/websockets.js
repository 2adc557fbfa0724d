// WebSocket, from the browser: send me what comes, for as long as I'm here.
//
// One handshake, then frames both ways: batches down, messages up, each message answered by an ack or an
// error. A connection that died without a word shows by silence: no batch for 45 s, or no answer to a message
// for 5 s.

import { closeInWords } from "./client/close_codes.js";
import { afterCursor, asBatch } from "./client/request.js";
import { Refused, Retry, Unreachable } from "./client/retry.js";
import { SilenceTimer } from "./client/silence.js";

// A message that has no answer by then is sent over HTTP, and this connection is given up.
const ANSWER_MS = 5000;

/**
 * @typedef {object} Waiter  a message that has no answer yet
 * @property {(ack: import("./client/contract.js").Ack) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {ReturnType<typeof setTimeout>} timer
 */

/**
 * Read a room, until the signal aborts. While the socket is open, its state offers `send`.
 * @param {string} url  the room's
 * @param {import("./client/contract.js").Reading} reading
 */
export async function connect(url, reading) {
  const { onBatch, onState, signal, network = globalThis } = reading;
  let { cursor } = reading;
  const retry = new Retry(onState, signal);
  const room = new URL(`${url}/websocket`, location.href).href.replace(/^http/, "ws");
  while (retry.active) {
    onState({ name: "connecting" });
    const socket = new network.WebSocket(afterCursor(room, cursor));
    const sending = new Sending(socket);
    const closed = await untilClosed(socket, sending, signal, {
      onOpen: () => onState({ name: "open", since: performance.now(), send: sending.send }),
      onFrame: (frame) => {
        if (frame?.type === "ack" || frame?.type === "error") return sending.answered(frame);
        const batch = asBatch(frame);
        retry.succeeded();
        cursor = batch.cursor;
        onBatch(batch);
      },
    });
    await retry.after(closed);
  }
}

/**
 * Wait for the socket's end, and return what it means: 1008 and 44xx are for good.
 * @param {import("./client/contract.js").Socket} socket
 * @param {Sending} sending
 * @param {AbortSignal} signal
 * @param {{onOpen: () => void, onFrame: (frame: any) => void}} callbacks
 * @returns {Promise<Refused | Unreachable>}
 */
async function untilClosed(socket, sending, signal, { onOpen, onFrame }) {
  const ending = new AbortController(); // takes our listeners off: a dead socket's end can come minutes later
  const listen = { signal: ending.signal };
  /** @type {Refused | Unreachable} */
  const closed = await new Promise((resolve) => {
    const giveUp = (/** @type {string} */ why) => resolve(new Unreachable(why));
    const silence = new SilenceTimer(giveUp);
    ending.signal.addEventListener("abort", () => silence.stop());
    sending.onSilence = () => giveUp(`no answer to a message for ${ANSWER_MS / 1000} s`);
    signal.addEventListener("abort", () => giveUp("ended"), listen);
    socket.addEventListener("open", onOpen, listen);
    socket.addEventListener("close", (event) => resolve(meaning(/** @type {CloseEvent} */ (event))), listen);
    socket.addEventListener(
      "message",
      (event) => {
        silence.restart();
        try {
          onFrame(JSON.parse(/** @type {MessageEvent} */ (event).data));
        } catch (error) {
          if (!(error instanceof SyntaxError || error instanceof Unreachable)) throw error;
          giveUp("a frame was not a batch");
        }
      },
      listen,
    );
    if (signal.aborted) giveUp("ended");
  });
  ending.abort();
  socket.close();
  sending.close();
  return closed;
}

/** @param {CloseEvent} event */
function meaning({ code, reason }) {
  const forGood = code === 1008 || (code >= 4400 && code <= 4499);
  return forGood ? new Refused(reason, code) : new Unreachable(closeInWords(code, reason));
}

/** Messages on their way up: each waits, by its key, for the server's answer. */
class Sending {
  onSilence = () => {};
  #closed = false;
  /** @type {Map<string, Waiter>} */
  #waiting = new Map();

  /** @param {import("./client/contract.js").Socket} socket */
  constructor(socket) {
    /** @type {import("./client/contract.js").Send} */
    this.send = (draft) =>
      new Promise((resolve, reject) => {
        if (this.#closed) throw new Unreachable("the connection closed");
        const timer = setTimeout(() => this.onSilence(), ANSWER_MS);
        this.#waiting.set(draft.key, { resolve, reject, timer });
        socket.send(JSON.stringify({ type: "send", ...draft }));
      });
  }

  /** Settle the message that an ack or an error names. @param {any} frame */
  answered({ type, key, status, detail, ...ack }) {
    const waiter = this.#waiting.get(key);
    this.#waiting.delete(key);
    clearTimeout(waiter?.timer);
    if (type === "ack") waiter?.resolve(ack);
    else if (status === 503) waiter?.reject(new Unreachable(detail, { status }));
    else waiter?.reject(new Refused(detail, status));
  }

  /** Fail what has no answer: the connection is gone. */
  close() {
    this.#closed = true;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Unreachable("the connection closed"));
    }
    this.#waiting.clear();
  }
}
