// An event stream over `fetch`, which can send headers. EventSource can't.

/**
 * Yield an event stream's events, each as the text of its lines.
 * @param {string} url
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function* events(url, token, signal) {
  const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, cache: "no-store", signal });
  if (!response.ok || !response.body) throw new Error(`${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return; // the caller reconnects, with the cursor of the last event and a fresh token
    const whole = (rest + value).split("\n\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
}
