"""The tests' HTTP client: one `Response`, asked for by `await ask(…)`, or by `fetch(…)` where a test blocks.

`Connection` is HTTP/1.1 over a bare asyncio socket, so that a test can do what no well-behaved client would: leave in
mid-request, half-close, send byte by byte, read nothing at all, see the bytes as they are.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support.waiting import PATIENCE_SECONDS

READ_LIMIT = 1 << 22


@dataclass(frozen=True)
class Response:
    """One answer. Header names are in lower case; of a header that comes twice the last counts."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One TCP connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._last = False

    @property
    def closed(self) -> bool:
        """Whether the server takes no further request here."""
        return self._last or self.reader.at_eof()

    @property
    def host(self) -> str:
        """The value of this connection's Host header."""
        host, port, *_ = self.writer.get_extra_info("peername")
        return f"{host}:{port}"

    @classmethod
    async def open(cls, url: str, **options: Any) -> Connection:
        """Connect; `options` go to `asyncio.open_connection`."""
        where = urlsplit(url)
        return cls(
            *await asyncio.open_connection(where.hostname, where.port, limit=READ_LIMIT, **options)
        )

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a request, and wait for nothing."""
        lines = {"Host": self.host, **(headers or {})}
        if body is not None:
            lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), **lines}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (body or b""))
        await self.writer.drain()

    async def head(self) -> Response:
        """Read a status line and headers, and leave the body unread."""
        status, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        _, code, reason = status.split(" ", 2)
        return Response(int(code), reason, headers, b"")

    async def response(self, method: str = "GET") -> Response:
        """Read one whole answer. Raises: asyncio.IncompleteReadError, if the server closes before its end."""
        head = await self.head()
        self._last = head.headers.get("connection", "").lower() == "close"
        body = await self.body(head) if method != "HEAD" else b""
        return Response(head.status, head.reason, head.headers, body)

    async def chunk(self) -> bytes:
        """Read one chunk of a chunked body; b"" after the last one."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read a chunked body, chunk by chunk, to its end."""
        while data := await self.chunk():
            yield data

    async def body(self, head: Response) -> bytes:
        """Read what follows a head, whichever way its end is marked (RFC 9112 §6.3)."""
        if head.headers.get("transfer-encoding") == "chunked":
            return b"".join([chunk async for chunk in self.chunks()])
        if "content-length" in head.headers or head.headers.get("connection") != "close":
            return await self.reader.readexactly(int(head.headers.get("content-length", 0)))
        return await self.reader.read()

    async def reads(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come, until the server closes."""
        while some := await self.reader.read(1 << 16):
            yield some

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request and read its answer."""
        await self.send(method, path, body, headers)
        return await self.response(method)

    def half_close(self) -> None:
        """End our half of the connection; the server may have closed already."""
        with suppress(OSError):
            self.writer.write_eof()

    async def ended(self) -> bytes:
        """Read until the server closes, and return what still came."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    async def close(self) -> None:
        """Close the connection."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        """Leave with a reset (RST) in place of an orderly close (FIN)."""
        self.writer.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )
        self.writer.transport.abort()


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Connection]:
    """Hold a connection open for the length of a `with`."""
    connection = await Connection.open(url, **options)
    try:
        yield connection
    finally:
        await connection.close()


async def ask(
    url: str,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Ask once, on a connection of its own, and return the answer."""
    async with connected(url) as connection:
        return await connection.ask(method, path, body, headers)


def fetch(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Ask once and block until the answer is there, of a stream its beginning; redirects are not followed."""
    where = urlsplit(url)
    path = where.path + (f"?{where.query}" if where.query else "")
    given = {"Content-Type": "application/json"} if body is not None else {}
    with closing(http.client.HTTPConnection(where.netloc, timeout=PATIENCE_SECONDS)) as connection:
        connection.request(method, path or "/", body, {**given, **(headers or {})})
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        streams = named.get("content-type") == "text/event-stream"
        whole = answer.read1() if streams else answer.read()
        return Response(answer.status, answer.reason, named, whole)
