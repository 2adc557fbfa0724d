// <busy-script-lab>: a script that can't keep up, over a WebSocket and over a stream that it reads.
//
// The run is tutorial/laboratory/busy_script.py: a server that says more than the script can handle. It knows how many
// messages its sockets have taken, and this page how many have reached the script, and how many it has handled.
// Measures: `in_page` (how many messages wait in the page over the WebSocket when all are posted).

import { pause } from "../client/retry.js";
import { events } from "../lab/event_stream.js";
import { Lab, LabError } from "../lab/lab.js";
import { ResultTable } from "../lab/result_table.js";
import { start } from "../lab/runs.js";
import { shapeOf } from "../site/element.js";
import { digits } from "../site/formatting.js";

const MESSAGES = 3000;
const HANDLE_MS = 20;
const WAYS = [
  { name: "websocket", label: "WebSocket", read: overSocket },
  { name: "server-sent-events", label: "fetch stream", read: overStream },
];
const HEADS = ["over", "at the server", "in buffers", "in the page", "handled"];

class BusyScriptLab extends Lab {
  static heading = "A script that can’t keep up";

  output() {
    /** @type {[string, ...(Node | string)[]][]} */
    const rows = WAYS.map(({ name, label }) => [name, shapeOf({ name }), ` ${label}`]);
    this.table = new ResultTable({ kind: "costs", heads: HEADS, rows });
    return [this.table.node];
  }

  async experiment(signal) {
    this.report("A server starts …");
    const scripts = WAYS.map(() => new BusyScript(signal));
    for await (const line of start("busy-script", { messages: String(MESSAGES) }, signal)) {
      if (line.line) throw new LabError(line.line);
      if (line.port) read(line.port, scripts, signal);
      else {
        const rows = WAYS.map(({ name }, i) => placesOf(name, line.posted, line.sent[name], scripts[i]));
        rows.forEach((row) =>
          this.table.show(
            row.over,
            Object.values(row)
              .slice(1)
              .map((count) => digits(count)),
          ),
        );
        if (line.end) return result(rows);
        this.report(`${digits(line.posted)} of ${digits(MESSAGES)} messages were posted.`);
      }
    }
    throw new LabError("the run ended before its end");
  }
}

/** A script that needs HANDLE_MS for each message. It doesn't compute: it waits, as for a database. */
class BusyScript {
  received = 0;
  handled = 0;

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
  }

  /** Handle messages, one after another. @param {unknown[]} messages */
  async handle(messages) {
    for (let i = 0; i < messages.length && !this.signal.aborted; i++) {
      await pause(HANDLE_MS, this.signal);
      this.handled += 1;
    }
  }
}

function read(port, scripts, signal) {
  const room = `//${location.hostname}:${port}/rooms/busy`;
  WAYS.forEach(({ name, read: over }, i) => over(`${room}/${name}?cursor=now`, scripts[i], signal));
}

/** Read a WebSocket: its next frame comes, whether or not the last one is handled. */
function overSocket(url, script, signal) {
  const socket = new WebSocket(`ws:${url}`);
  let handled = Promise.resolve();
  socket.onmessage = ({ data }) => {
    const { messages } = JSON.parse(data);
    script.received += messages.length;
    handled = handled.then(() => script.handle(messages));
  };
  signal.addEventListener("abort", () => socket.close());
}

/** Read an event stream: on to the next event when the last one is handled. */
async function overStream(url, script, signal) {
  try {
    for await (const event of events(`http:${url}`, "", signal)) {
      const [, data] = event.match(/^data: (.*)$/m) ?? [];
      if (!data) continue;
      const { messages } = JSON.parse(data);
      script.received += messages.length;
      await script.handle(messages);
    }
  } catch {
    // the experiment has ended; or the server can't be reached, and its run gives up
  }
}

/** Return where the messages that were posted are. */
function placesOf(over, posted, sent, { received, handled }) {
  const buffered = Math.max(0, sent - received);
  return { over, log: posted - received - buffered, buffered, page: received - handled, handled };
}

function result(rows) {
  const [socket, stream] = rows;
  const summary =
    `When all ${digits(MESSAGES)} messages are posted, ${digits(socket.page)} of them wait in the page over the ` +
    `WebSocket, and ${digits(stream.page)} over the stream. Of the stream’s, ${digits(stream.log)} still wait at the ` +
    `server, and ${digits(stream.buffered)} in buffers.`;
  const warmUp = "both readers had come before the first message";
  return { raw: rows, n: MESSAGES, warmUp, values: { in_page: socket.page }, summary };
}

customElements.define("busy-script-lab", BusyScriptLab);
