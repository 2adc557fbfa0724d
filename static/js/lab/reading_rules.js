// Reading rules: when a polling reader asks, is answered, and sees which message. Rules alone, on a clock of
// their own.
//
// They are the server's and the browser's: `since`, hold, `since` (transports/room.py), then a pause before the
// next request (static/js/short_polling.js) or none (static/js/long_polling.js). A test runs both on the same
// messages, and finds the same requests.

/**
 * @typedef {object} Rule  times in seconds
 * @property {number} hold  how long the server holds a request that finds nothing new; 0: not at all
 * @property {number} pause  of the reader, from an answer to its next request
 * @property {number} way  from the reader to the server, and from the server to the reader
 * @property {boolean} cursor  whether a request says what the reader has; without it, it begins at "now"
 *
 * @typedef {object} Request
 * @property {number} asked  when it leaves the reader
 * @property {number} reached  when it is at the server
 * @property {number} answered  when the answer leaves the server
 * @property {number} back  when the answer is at the reader
 * @property {number[]} ids  the messages in the answer
 */

/**
 * Return the requests of a reader, from 0 to `end`.
 * @param {number[]} sent  when the server has each message; the message with id 1 first
 * @param {Rule} rule
 * @param {number} end
 * @returns {Request[]}
 */
export function requestsOf(sent, { hold, pause, way, cursor }, end) {
  const requests = [];
  let last = 0; // the id that the reader's cursor names
  for (let asked = 0; asked < end; asked = requests[requests.length - 1].back + pause) {
    const reached = asked + way;
    const from = cursor ? last : newestAt(sent, reached);
    const next = sent[from] ?? Infinity; // when the first message after `from` comes
    const answered = Math.max(reached, Math.min(next, reached + hold));
    const ids = sent.map((_, i) => i + 1).slice(from, newestAt(sent, answered));
    last = ids.at(-1) ?? last;
    requests.push({ asked, reached, answered, back: answered + way, ids });
  }
  return requests;
}

/** Return the id of the newest message that the server has at a moment; 0: it has none. @param {number[]} sent @param {number} moment */
function newestAt(sent, moment) {
  return sent.filter((at) => at <= moment).length;
}

/**
 * Return when the reader has a message; null: these requests didn't bring it.
 * @param {Request[]} requests
 * @param {number} id
 */
export function seenAt(requests, id) {
  return requests.find(({ ids }) => ids.includes(id))?.back ?? null;
}
