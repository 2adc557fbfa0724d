// An EventSource that counts: the part of the browser's interface that a transport needs, and each event noted on a wire.

import { bytesOf } from "./bytes.js";

const HEAD_DOWN = 194; // this server's answer before its first event
const ACCEPT_UP = "text/event-stream".length - "*/*".length; // by so much more it asks than a fetch
const CHUNK_BYTES = 7; // around each event: its length in hexadecimal, and two line ends (RFC 9112 §7.1)

/** As `EventSource`, for batches. */
export class MeteredEventSource extends EventTarget {
  #entry;
  #source = null;
  #wire;
  readyState = 0;

  /** @param {string} url @param {import("./metered_connection.js").Wire} wire @param {number} up  bytes of the request */
  constructor(url, wire, up) {
    super();
    this.#wire = wire;
    this.#entry = wire.began("socket", "stream", 0);
    if (wire.offline) {
      setTimeout(() => this.#failed());
      return;
    }
    wire.requests += 1;
    this.#note("↑ request", up + ACCEPT_UP, 0);
    this.#listen(new EventSource(url), wire.cutting);
  }

  #listen(source, cutting) {
    this.#source = source;
    const cut = () => this.#failed();
    cutting.addEventListener("abort", cut, { once: true });
    source.addEventListener("open", () => {
      this.#note("↓ head", 0, HEAD_DOWN);
      this.dispatchEvent(new Event("open"));
    });
    source.addEventListener("batch", ({ data, lastEventId }) => {
      this.#wire.frames += 1;
      const text = `event: batch\nid: ${lastEventId}\ndata: ${data}\n\n`;
      this.#note("↓ event", 0, bytesOf(text) + CHUNK_BYTES);
      this.dispatchEvent(new MessageEvent("batch", { data, lastEventId }));
    });
    source.addEventListener("error", () => this.#failed());
  }

  /** Hang up. */
  close() {
    this.#source?.close();
    if (this.#entry.end === null) this.#wire.ended(this.#entry, 0);
  }

  #note(what, up, down) {
    this.#wire.ended(this.#wire.began("frame", what, up), down);
  }

  #failed() {
    this.readyState = this.#source?.readyState ?? 0;
    this.#entry.what = "stream cut";
    this.#wire.ended(this.#entry, 0, true);
    this.dispatchEvent(new Event("error"));
  }
}
