// Runs: what this page starts on the reader's machine, and hears of line by line (see tutorial/laboratory/runs.py).

import { LabError } from "./lab.js";

/**
 * Start a run, and give what it tells as it comes.
 * @param {string} name  one of tutorial/laboratory/runs.py’s NAMES
 * @param {object} numbers
 * @param {AbortSignal} signal  ends it, the processes too
 * @returns {AsyncGenerator<object>}
 * @throws {LabError}
 */
export async function* start(name, numbers, signal) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(numbers), signal };
  const response = await fetch(`/runs/${name}`, request);
  if (!response.ok) throw new LabError((await response.json()).detail);
  let rest = "";
  let last = "it wrote nothing";
  for await (const text of pieces(response.body.pipeThrough(new TextDecoderStream()))) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines.map((said) => JSON.parse(said))) {
      if (line.failed) throw new LabError(`the run ended early: ${last}`);
      last = line.line?.trim() || last;
      yield line;
    }
  }
}

/** Not every browser can loop over a stream. */
async function* pieces(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
