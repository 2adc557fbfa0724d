// An EventSource that counts: the part of the browser's interface that a transport needs, and each event
// noted on a network.

import { bytesOf } from "./bytes.js";

const HEAD_DOWN = 212; // this server’s answer before its first event, `retry:` included
const ACCEPT_UP = "text/event-stream".length - "*/*".length; // so many bytes more than a fetch
const CHUNK_BYTES = 7; // around each event: its length in hexadecimal, and two line ends (RFC 9112 §7.1)

/** As `EventSource`, for batches. */
export class MeteredEventSource extends EventTarget {
  #entry;
  #over;
  /** @type {EventSource | null} */
  #source = null;
  #network;
  readyState = 0;

  /**
   * @param {string} url
   * @param {import("./metered_network.js").MeteredNetwork} network
   * @param {number} up  bytes of the request
   */
  constructor(url, network, up) {
    super();
    this.#network = network;
    this.#over = network.transportIn(url);
    this.#entry = network.began("socket", "stream", 0, this.#over);
    if (network.offline) {
      setTimeout(() => this.#failed());
      return;
    }
    network.requests += 1;
    this.#note("↑ request", up + ACCEPT_UP, 0);
    this.#listen(new EventSource(url), network.cutting);
  }

  /** @param {EventSource} source @param {AbortSignal} cutting */
  #listen(source, cutting) {
    this.#source = source;
    const cut = () => this.#failed();
    cutting.addEventListener("abort", cut, { once: true });
    source.addEventListener("open", () => {
      this.#note("↓ head", 0, HEAD_DOWN);
      this.dispatchEvent(new Event("open"));
    });
    source.addEventListener("batch", ({ data, lastEventId }) => {
      this.#network.frames += 1;
      const text = `event: batch\ndata: ${data}\nid: ${lastEventId}\n\n`;
      this.#note("↓ event", 0, bytesOf(text) + CHUNK_BYTES);
      this.dispatchEvent(new MessageEvent("batch", { data, lastEventId }));
    });
    source.addEventListener("error", () => this.#failed());
  }

  /** Hang up. */
  close() {
    this.#source?.close();
    if (this.#entry.end === null) this.#network.ended(this.#entry, 0);
  }

  /** @param {string} what @param {number} up @param {number} down */
  #note(what, up, down) {
    this.#network.ended(this.#network.began("frame", what, up, this.#over), down);
  }

  #failed() {
    this.readyState = this.#source?.readyState ?? 0;
    this.#entry.what = "stream cut";
    this.#network.ended(this.#entry, 0, true);
    this.dispatchEvent(new Event("error"));
  }
}
