"""Encode and decode WebSocket text frames.

`next_frame` reads one frame or says that it isn't there yet; it knows no messages. `decode` puts
frames together to messages and knows no bytes of a header. What it returns as the rest begins
at the first fragment of the message that is not complete, so nothing has to be remembered between
two calls.
"""

import asyncio
import sys
from base64 import b64encode
from hashlib import sha1

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FINAL, MASKED, TEXT = 0x80, 0x80, 1


def encode(text: str, mask: bytes = b"") -> bytes:
    """Return the text as one frame, masked if there is a mask."""
    payload = text.encode()
    masked = MASKED if mask else 0
    if len(payload) < 126:
        header = bytes([FINAL | TEXT, masked | len(payload)])
    elif len(payload) < 2**16:
        header = bytes([FINAL | TEXT, masked | 126]) + len(payload).to_bytes(2)
    else:
        header = bytes([FINAL | TEXT, masked | 127]) + len(payload).to_bytes(8)
    return header + mask + apply(mask, payload)


def apply(mask: bytes, payload: bytes) -> bytes:
    """Return the payload masked or, which is the same, unmasked."""
    if not mask:
        return payload
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def decode(buffer: bytes) -> tuple[list[str], bytes]:
    """Return the texts that are complete, and the bytes after them."""
    texts, fragments, end, rest = list[str](), b"", 0, 0
    while frame := next_frame(buffer, end):
        final, payload, end = frame
        fragments += payload
        if final:
            texts.append(fragments.decode())
            fragments, rest = b"", end
    return texts, buffer[rest:]


def next_frame(buffer: bytes, start: int) -> tuple[bool, bytes, int] | None:
    """Return whether the frame at `start` is final, its payload and its end; None: not all here."""
    if len(buffer) < start + 2:
        return None
    length, at = buffer[start + 1] & ~MASKED, start + 2
    if wide := {126: 2, 127: 8}.get(length, 0):
        if len(buffer) < at + wide:
            return None
        length, at = int.from_bytes(buffer[at : at + wide]), at + wide
    mask_length = 4 if buffer[start + 1] & MASKED else 0
    mask, at = buffer[at : at + mask_length], at + mask_length
    if len(buffer) < at + length:
        return None
    return bool(buffer[start] & FINAL), apply(mask, buffer[at : at + length]), at + length


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Shake hands, then send each text back."""
    headers = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.partition(b": ")
        headers[name.lower()] = value
    proof = sha1(headers.get(b"sec-websocket-key", b"") + GUID).digest()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + b64encode(proof) + b"\r\n\r\n"
    )
    rest = b""
    while received := await reader.read(4096):
        texts, rest = decode(rest + received)
        for text in texts:
            writer.write(encode(text))
    writer.close()


async def main(port: int) -> None:
    """Serve until the program is ended."""
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    print(f"listening on ws://127.0.0.1:{port}")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
