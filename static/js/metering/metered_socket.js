// A WebSocket that counts: the part of the browser's interface that a transport needs, and each frame noted on a wire.

import { frameBytes } from "./bytes.js";

const HANDSHAKE = { up: 496, down: 220 }; // typical of a browser and this server, without the path
const MASK_BYTES = 4; // on each frame that a client sends (RFC 6455 §5.3)

/** As `WebSocket`, for text frames. */
export class MeteredSocket extends EventTarget {
  #entry;
  #socket = null;
  #wire;

  /** @param {string} url @param {import("./metered_connection.js").Wire} wire */
  constructor(url, wire) {
    super();
    this.#wire = wire;
    const { pathname, search } = new URL(url);
    this.#entry = wire.began("socket", "open", 0);
    if (wire.offline) {
      setTimeout(() => this.#closed({ code: 1006, reason: "offline" }));
      return;
    }
    wire.requests += 1;
    wire.connections += 1;
    this.#note("↑ upgrade", HANDSHAKE.up + pathname.length + search.length, 0);
    this.#listen(new WebSocket(url), wire.cutting);
  }

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
    this.#socket.send(text);
  }

  /** Close; a socket that is still connecting closes when it is open, so that the browser doesn't complain. */
  close() {
    if (this.#socket?.readyState !== WebSocket.CONNECTING) this.#socket?.close();
    else this.#socket.addEventListener("open", () => this.#socket.close());
  }

  #frame(what, up, down) {
    this.#wire.frames += 1;
    this.#note(what, up, down);
  }

  #note(what, up, down) {
    this.#wire.ended(this.#wire.began("frame", what, up), down);
  }

  #closed({ code, reason }) {
    this.#entry.what = `closed ${code}`;
    this.#wire.ended(this.#entry, 0, code === 1006);
    this.dispatchEvent(new CloseEvent("close", { code, reason }));
  }
}
