"""Connection: one connection of the crew, which speaks just enough HTTP and WebSocket to read a chat.

No client library stands between a reader and its bytes, so that all of them are counted and a reader costs little.
"""

from __future__ import annotations

import asyncio
import json
import struct
from base64 import b64encode
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

# What a Chromium sends with a fetch, but for the path. Its length is what matters.
BROWSER_HEADERS = (
    'Connection: keep-alive\r\nsec-ch-ua-platform: "Linux"\r\n'
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36\r\n"
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"\r\nsec-ch-ua-mobile: ?0\r\n'
    "Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
)
CLOSE, PING, PONG = 0x8, 0x9, 0xA


@dataclass
class Connection:
    """One connection to the server; `carried` counts the bytes that went over it, both ways."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    carried: int = 0

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to the server of this machine."""
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    def close(self) -> None:
        """Hang up."""
        self.writer.close()

    def _send(self, data: bytes) -> None:
        self.carried += len(data)
        self.writer.write(data)

    async def _read(self, count: int) -> bytes:
        data = await self.reader.readexactly(count)
        self.carried += count
        return data

    async def _exchange(self, first: str, body: bytes = b"") -> bytes:
        """Send a request, and give the body of its answer. Raises: OSError, unless that is a success."""
        host = f"Host: 127.0.0.1:{self.port}\r\n"
        self._send(f"{first}\r\n{host}{BROWSER_HEADERS}\r\n".encode() + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.carried += len(head)
        if head[9:10] not in (b"1", b"2"):
            raise OSError(f"the server answered {first_line(head)}")
        _, found, rest = head.lower().partition(b"content-length:")
        return await self._read(int(rest.partition(b"\r\n")[0])) if found else b""

    async def ask(self, path: str) -> bytes:
        """GET a path."""
        return await self._exchange(f"GET {path} HTTP/1.1")

    async def inspect(self) -> dict[str, Any]:
        """Ask the server what it has counted."""
        told: dict[str, Any] = json.loads(await self.ask("/inspect"))
        return told

    async def publish(self, room: str, text: str, key: str) -> None:
        """Post a message as an outside program does."""
        fields = {"room": room, "author": "crew", "text": text}
        await self.post("/publish", fields, f"Authorization: Bearer {key}\r\n")

    async def post(self, path: str, fields: dict[str, str], head: str = "") -> None:
        """POST some fields, with more header lines if need be."""
        body = json.dumps(fields).encode()
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}"
        await self._exchange(f"POST {path} HTTP/1.1\r\n{head}", body)

    async def upgrade(self, path: str) -> None:
        """Become a WebSocket."""
        key = b64encode(token_bytes(16)).decode()
        asking = f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        host = f"Host: 127.0.0.1:{self.port}\r\nConnection: Upgrade\r\n"
        browser = BROWSER_HEADERS.replace("Connection: keep-alive\r\n", "")
        self._send(f"GET {path} HTTP/1.1\r\n{host}{asking}{browser}\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.carried += len(head)
        if not head.startswith(b"HTTP/1.1 101"):
            raise OSError(f"the server answered {first_line(head)}")

    async def frame(self) -> bytes:
        """Return the payload of the next text frame, answering pings on the way. Raises: OSError at the end."""
        while True:
            first, second = await self._read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self._read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self._read(8))
            payload = await self._read(length)
            if first & 0xF == PING:
                self._send(struct.pack("!BBI", 0x80 | PONG, 0x80 | length, 0) + payload)
            elif first & 0xF == CLOSE:
                raise OSError("the server closed the socket")
            else:
                return payload


def first_line(head: bytes) -> str:
    """Return the status line of an answer."""
    return head.split(b"\r\n")[0].decode("latin-1")
