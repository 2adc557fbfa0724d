// RFC 6455, as far as a frame shows it: its fields, their bytes, and the handshake's proof.

const OPCODES = { 0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * @typedef {{name: string, bytes: Uint8Array, meaning: string}} Field
 * @typedef {{opcode: string, masked: boolean, payload: Uint8Array, fields: Field[], size: number}} Frame
 */

/**
 * Read the frame at the start of some bytes; null when it isn't whole yet (§5.2).
 * @param {Uint8Array} bytes
 * @returns {Frame | null}
 */
export function readFrame(bytes) {
  if (bytes.length < 2) return null;
  const [first, second] = bytes;
  const masked = second > 127;
  const short = second & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const headSize = 2 + extra + (masked ? 4 : 0);
  if (bytes.length < headSize) return null;
  const length = extra
    ? Number(bytes.slice(2, 2 + extra).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n))
    : short;
  const size = headSize + length;
  if (bytes.length < size) return null;
  const key = bytes.slice(2 + extra, headSize);
  const carried = bytes.slice(headSize, size);
  const opcode = OPCODES[first & 15] ?? `reserved ${first & 15}`;
  const sizes = extra ? `length in the next ${extra} bytes` : `${length} bytes`;
  const fields = [
    {
      name: "FIN, opcode",
      bytes: bytes.slice(0, 1),
      meaning: `${first > 127 ? "the last piece" : "more pieces follow"}, ${opcode}`,
    },
    {
      name: "MASK, length",
      bytes: bytes.slice(1, 2),
      meaning: `${masked ? "masked" : "not masked"}, ${sizes}`,
    },
  ];
  if (extra) fields.push({ name: "length", bytes: bytes.slice(2, 2 + extra), meaning: `${length} bytes` });
  if (masked)
    fields.push({
      name: "masking key",
      bytes: key,
      meaning: "new for each frame; the payload is XORed with it",
    });
  fields.push({ name: "payload", bytes: carried, meaning: `${length} bytes` });
  return { opcode, masked, payload: masked ? mask(carried, key) : carried, fields, size };
}

/** Mask, or unmask: it is the same (§5.3). @param {Uint8Array} payload @param {Uint8Array} key */
export function mask(payload, key) {
  return payload.map((byte, i) => byte ^ key[i % 4]);
}

/**
 * Compute the answer that proves that a server understood (§4.2.2).
 * @param {string} key
 * @returns {Promise<string>}
 */
export async function acceptOf(key) {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** Write bytes as two hexadecimal digits each. @param {Uint8Array} bytes @returns {string} */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
