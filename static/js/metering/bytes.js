// Counting bytes: of texts, of frames, of the heads of responses.

const encoder = new TextEncoder();

/**
 * Count a text's bytes in UTF-8.
 * @param {string} text
 * @returns {number}
 */
export function bytesOf(text) {
  return encoder.encode(text).length;
}

/**
 * Count the bytes of a text frame as a server sends it: a head of 2, 4 or 10, and the payload (RFC 6455
 * §5.2).
 * @param {string} text
 * @returns {number}
 */
export function frameBytes(text) {
  const payload = bytesOf(text);
  return payload + (payload < 126 ? 2 : payload < 65536 ? 4 : 10);
}

/**
 * Count the bytes of some header lines.
 * @param {Iterable<[string, string]>} headers
 * @returns {number}
 */
export function headerBytes(headers) {
  return Array.from(headers).reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);
}

/**
 * Count the bytes of a response before its body; a page of the same origin sees all of them.
 * @param {Response} response
 * @returns {number}
 */
export function responseHeadBytes({ status, statusText, headers }) {
  return `HTTP/1.1 ${status} ${statusText}\r\n\r\n`.length + headerBytes(headers);
}
