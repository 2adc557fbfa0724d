// Runs: what this page starts on the reader's machine, and reads line by line (see
// tutorial/laboratory/runs.py).

import { LabError } from "./lab.js";

/**
 * Start a run, and yield what it reports as it comes.
 * @param {string} name  one of the runs that the server knows
 * @param {object} settings
 * @param {AbortSignal} signal  ends it, the processes too
 * @returns {AsyncGenerator<any>}
 * @throws {LabError}
 */
export async function* start(name, settings, signal) {
  const headers = { "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(settings), signal };
  const response = await fetch(`/runs/${name}`, request);
  if (!response.ok || !response.body) throw new LabError((await response.json()).detail);
  let rest = "";
  let last = "it wrote nothing";
  for await (const text of pieces(response.body.pipeThrough(new TextDecoderStream()))) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.map((one) => JSON.parse(one))) {
      if (line.failed) throw new LabError(`the run ended early: ${last}`);
      last = line.line?.trim() || last;
      yield line;
    }
  }
}

/** Not every browser can loop over a stream. @param {ReadableStream<string>} stream */
async function* pieces(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
