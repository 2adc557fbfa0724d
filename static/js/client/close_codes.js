// What the number in a WebSocket's Close frame means, in words (RFC 6455 §7.4.1).

/** @type {Record<number, string>} */
const MEANINGS = {
  1000: "it was closed as planned",
  1001: "the other side went away",
  1002: "one side broke the protocol",
  1005: "it was closed, and no reason was given",
  1006: "it broke off, without a Close frame",
  1007: "a frame was not UTF-8",
  1009: "a message was too big",
  1011: "the server failed",
  1012: "the server restarts",
  1013: "the server asks us to come back later",
};

/**
 * Return what an end of a connection means: the server's own reason if it gave one.
 * @param {number} code
 * @param {string} [reason]
 * @returns {string}
 */
export function closeInWords(code, reason = "") {
  return `${reason || (MEANINGS[code] ?? "closed")} (${code})`;
}
