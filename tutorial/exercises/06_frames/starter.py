"""Encode and decode WebSocket text frames.

A frame is a few bytes, then the payload (RFC 6455 §5.2):

    byte 0        0x80 if this is the last fragment, plus the opcode: 1 text, 0 goes on with it
    byte 1        0x80 if the payload is masked, plus its length in bytes: 0 to 125,
                  or 126: the length is in the next 2 bytes, or 127: in the next 8 bytes
                  (big-endian: the highest byte first)
    4 bytes       the mask, if there is one: payload byte i is sent as byte ^ mask[i % 4]

Finish the two functions:

1. `encode(text, mask)` returns one frame. A server sends without a mask, a client with four bytes;
2. `decode(buffer)` returns the texts of all whole messages in the buffer, and the bytes that are
   left over: TCP keeps no boundaries, so a buffer may hold two frames and half of the third. A
   text may come in fragments, and it is UTF-8 only as a whole.

As it stands, they know nothing but short frames without a mask. The file is an echo server too. To
try it, start it in one terminal:

    python .learner/06_frames.py 8106

and speak to it in another:

    wsdump ws://127.0.0.1:8106 --text hi --eof-wait 1
"""

import asyncio
import sys
from base64 import b64encode
from hashlib import sha1

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def encode(text: str, mask: bytes = b"") -> bytes:
    """Return the text as one frame, masked if there is a mask."""
    payload = text.encode()
    return bytes([0x81, len(payload)]) + payload


def decode(buffer: bytes) -> tuple[list[str], bytes]:
    """Return the texts that are complete, and the bytes after them."""
    texts = []
    while len(buffer) >= 2 and len(buffer) >= 2 + buffer[1]:
        end = 2 + buffer[1]
        texts.append(buffer[2:end].decode())
        buffer = buffer[end:]
    return texts, buffer


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
