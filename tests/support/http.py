"""HTTP/1.1 over a bare asyncio socket, so that a test can do what no well-behaved client would.

It leaves in mid-request, half-closes, sends byte by byte, or reads nothing at all; and it sees the bytes as they are.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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

    @property
    def host(self) -> str:
        """What the server calls itself on this connection."""
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
        """Read a status line and headers; the body is left where it is."""
        status, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        _, code, reason = status.split(" ", 2)
        return Response(int(code), reason, headers, b"")

    async def response(self, method: str = "GET") -> Response:
        """Read one whole answer. Raises: asyncio.IncompleteReadError, when the server hangs up before."""
        told = await self.head()
        size = int(told.headers.get("content-length", 0))
        body = await self.reader.readexactly(size) if method != "HEAD" else b""
        return Response(told.status, told.reason, told.headers, body)

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
        """Say that nothing more will be sent; the server may have hung up already."""
        with suppress(OSError):
            self.writer.write_eof()

    async def ended(self) -> bytes:
        """Read until the server hangs up; give what still came."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        """Vanish: the server gets a reset instead of a good-bye."""
        self.writer.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )
        self.writer.transport.abort()


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Connection]:
    """A connection for the length of a `with`."""
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
    """Ask once, on a connection of its own."""
    async with connected(url) as connection:
        return await connection.ask(method, path, body, headers)
