// <frame-lab>: what travels on a WebSocket, byte by byte: your handshake, and your frames.
//
// The socket is this browser's own, over a recorded wire. Measures: `head` (bytes of header of your frame),
// `head_down` (of the one that brings your message back), `handshake` (bytes, both ways).

import { openLinks } from "../lab/chaos.js";
import { element } from "../site/element.js";
import { Lab, LabError } from "../lab/lab.js";
import { ownRoom, sleep } from "../lab/room_reader.js";
import { newKey } from "../client/post.js";
import { Recorder, utf8 } from "../metering/recorder.js";
import { acceptOf, hex } from "../metering/rfc6455.js";
import { number } from "../site/formatting.js";
import { frameItem } from "./frame_drawing.js";

const FRAMES_SHOWN = 6;

class FrameLab extends Lab {
  static heading = "One socket, in hexadecimal";

  controls() {
    this.text = element("input", { value: "hello", maxLength: 200, ariaLabel: "What to send" });
    this.masked = element("input", { type: "checkbox", checked: true });
    this.masked.addEventListener("change", () => this.#draw());
    return [
      element("label", {}, "Send ", this.text),
      element("label", {}, this.masked, " show the payload as masked"),
    ];
  }

  output() {
    this.proof = element("div.frame-proof", { tabIndex: 0 });
    this.frames = element("ol.frame-list", {
      "data-transport": "websocket",
      tabIndex: 0,
      ariaLabel: "Frames",
    });
    this.parts = [];
    return [this.proof, this.frames];
  }

  async experiment(signal) {
    this.parts = [];
    const recorder = new Recorder((part) => this.#add(part));
    const { bases } = await openLinks(["websocket"], { signal, onBytes: recorder.take });
    const address = `${bases.websocket}/rooms/${ownRoom("frames")}/websocket?cursor=now`;
    const socket = new WebSocket(address.replace(/^http/, "ws"));
    signal.addEventListener("abort", () => socket.close());
    await opened(socket);
    await sleep(200, signal);
    socket.send(
      JSON.stringify({ type: "send", author: "you", text: this.text.value || "hello", key: newKey() }),
    );
    // An empty batch, your message, its ack, and the batch with it.
    while (this.#frames().length < 4) await sleep(20, signal);
    return this.#result();
  }

  #frames() {
    return this.parts.filter(({ frame }) => frame);
  }

  #add(part) {
    this.parts.push(part);
    this.#draw();
  }

  async #draw() {
    const shown = this.#frames().slice(0, FRAMES_SHOWN);
    const { scrollTop } = this.frames;
    this.frames.replaceChildren(...shown.map((part) => frameItem(part, this.masked.checked)));
    this.frames.scrollTop = scrollTop; // your frame stays in sight while the mask comes and goes
    const [asked, answered] = ["request", "response"].map((kind) =>
      this.parts.find((part) => part.kind === kind),
    );
    if (!answered) return;
    const [key, accept] = [headerOf(asked, "Sec-WebSocket-Key"), headerOf(answered, "Sec-WebSocket-Accept")];
    const computed = await acceptOf(key);
    this.proof.replaceChildren(
      element(
        "p",
        {},
        "Your browser sent the key ",
        element("code", {}, key),
        ". SHA-1 of the key and the RFC’s fixed text, in base64, is ",
        element("code", {}, computed),
        ".",
      ),
      element(
        "p",
        {},
        "The server answered ",
        element("code", {}, accept),
        computed === accept ? " – the same: it understood." : " – not the same!",
      ),
      ...[asked, answered].map((part) =>
        element(
          "details.small",
          {},
          element("summary", {}, `${part.kind}: ${number(part.size)} bytes`),
          element("pre", { tabIndex: 0 }, utf8(part.head)),
        ),
      ),
    );
  }

  #result() {
    const frames = this.#frames();
    const size = (kind) => this.parts.find((part) => part.kind === kind).size;
    const up = frames.find(({ way }) => way === "up");
    const down = frames.find(
      ({ way, frame }) => way === "down" && utf8(frame.payload).includes('"messages": [{'),
    );
    const values = {
      head: up.head.length,
      head_down: down.head.length,
      handshake: size("request") + size("response"),
    };
    const summary =
      `The handshake took ${number(values.handshake)} bytes, once. Your frame’s header: ${values.head} ` +
      `bytes, 4 of them the mask; of the one that brought your message back: ${values.head_down}.`;
    const shown = /** @type {HTMLElement} */ (this.frames.children[frames.indexOf(up)]);
    this.frames.scrollTop = shown.offsetTop - this.frames.offsetTop;
    const raw = this.parts.map(({ way, kind, at, head, size: all, frame }) => ({
      way,
      kind,
      at,
      head: head.length,
      size: all,
      opcode: frame?.opcode,
      hex: hex(head.slice(0, 14)),
    }));
    return { raw, n: frames.length, values, summary };
  }
}

function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("close", () => reject(new LabError("the socket didn’t open")));
  });
}

function headerOf({ head }, name) {
  return new RegExp(`^${name}: *(.*)\\r`, "im").exec(utf8(head))[1];
}

customElements.define("frame-lab", FrameLab);
