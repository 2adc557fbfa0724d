// A WebSocket that counts: the part of the browser's interface that a transport needs, and each frame noted
// on a network.

import { closeInWords } from "../client/close_codes.js";
import { frameBytes } from "./bytes.js";

const HANDSHAKE = { up: 496, down: 220 }; // typical of a browser and this server, without the path
const MASK_BYTES = 4; // on each frame that a client sends (RFC 6455 §5.3)

/** As `WebSocket`, for text frames. */
export class MeteredSocket extends EventTarget {
  #entry;
  #over;
  /** @type {WebSocket | null} */
  #socket = null;
  #network;

  /** @param {string} url @param {import("./metered_network.js").MeteredNetwork} network */
  constructor(url, network) {
    super();
    this.#network = network;
    const { pathname, search } = new URL(url);
    this.#over = network.transportIn(url);
    this.#entry = network.began("socket", "open", 0, this.#over);
    if (network.offline) {
      setTimeout(() => this.#closed({ code: 1006, reason: "offline" }));
      return;
    }
    network.requests += 1;
    network.connections += 1;
    this.#note("↑ upgrade", HANDSHAKE.up + pathname.length + search.length, 0);
    this.#listen(new WebSocket(url), network.cutting);
  }

  /** @param {WebSocket} socket @param {AbortSignal} cutting */
  #listen(socket, cutting) {
    this.#socket = socket;
    const cut = () => this.close();
    cutting.addEventListener("abort", cut);
    socket.addEventListener("open", () => {
      this.#note("↓ upgrade", 0, HANDSHAKE.down);
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", ({ data }) => {
      this.#frame("↓ frame", 0, frameBytes(data));
      this.dispatchEvent(new MessageEvent("message", { data }));
    });
    socket.addEventListener("close", (event) => {
      cutting.removeEventListener("abort", cut);
      this.#closed(event);
    });
  }

  /** Send a text frame. @param {string} text */
  send(text) {
    this.#frame("↑ frame", frameBytes(text) + MASK_BYTES, 0);
    this.#socket?.send(text);
  }

  /**
   * Close; a socket that is still connecting closes when it is open, so that the browser doesn't complain.
   */
  close() {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.CONNECTING) socket?.close();
    else socket.addEventListener("open", () => socket.close());
  }

  /** @param {string} what @param {number} up @param {number} down */
  #frame(what, up, down) {
    this.#network.frames += 1;
    this.#note(what, up, down);
  }

  /** @param {string} what @param {number} up @param {number} down */
  #note(what, up, down) {
    this.#network.ended(this.#network.began("frame", what, up, this.#over), down);
  }

  /** @param {{code: number, reason: string}} event */
  #closed({ code, reason }) {
    this.#entry.what = closeInWords(code);
    this.#network.ended(this.#entry, 0, code === 1006);
    this.dispatchEvent(new CloseEvent("close", { code, reason }));
  }
}
