"""Connection: one kept-alive HTTP/1.1 connection that knows how many bytes have gone over it.

The publisher and the inspections of the server use it, so that their bytes can be taken off the server's counts
exactly. It stands on `socket` alone: it works inside Locust (where gevent replaces sockets) and outside.
"""

from __future__ import annotations

import json
import socket
import ssl
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

PATIENCE_SECONDS = 60.0  # longer than the longest hold


class NotHttp(OSError):
    """What came back is not an HTTP answer, or it ended too early."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: headers by lower-case name, and how many bytes it was on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    wire_bytes: int

    def json(self) -> Any:
        """Parse the body, which a proxy may have compressed. Raises: ValueError."""
        if self.headers.get("content-encoding") == "gzip":
            try:
                return json.loads(zlib.decompress(self.body, 16 + zlib.MAX_WBITS))
            except zlib.error as error:
                raise ValueError("not gzip") from error
        return json.loads(self.body)


class Connection:
    """Asks one server, one request at a time. `sent` and `received` count bytes of TCP payload."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._url = urlsplit(url)
        self._headers = {"Host": self._url.netloc, **(headers or {})}
        self._socket: socket.socket | None = None
        self._buffer = b""
        self.sent = 0
        self.received = 0

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request and return its answer. Raises: OSError."""
        try:
            self.send(method, path, body)
            return self.receive()
        except (NotHttp, BrokenPipeError, ConnectionResetError):
            if method != "GET":
                raise
            self.close()  # the server closes a connection that was idle for long: ask once more
            self.send(method, path, body)
            return self.receive()

    def send(self, method: str, path: str, body: object = None) -> None:
        """Send a request and don't wait. `body` travels as JSON. Raises: OSError."""
        if self._socket is None:
            self._socket = _connected(self._url)
        request = self._request(method, path, body)
        self._socket.sendall(request)
        self.sent += len(request)

    def _request(self, method: str, path: str, body: object) -> bytes:
        headers, payload = dict(self._headers), b""
        if body is not None:
            payload = json.dumps(body).encode()
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(payload))}
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + payload

    def receive(self) -> Answer:
        """Return the next answer. Raises: OSError."""
        head = self.take_until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        try:
            status = int(first.split()[1])
            length = int(headers.get("content-length", "0"))
        except (IndexError, ValueError) as error:
            raise NotHttp("no HTTP answer") from error
        before = self.received - len(self._buffer)
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        body = self._take_chunks() if chunked else self._take(length)
        wire_bytes = len(head) + self.received - len(self._buffer) - before
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body, wire_bytes)

    def close(self) -> None:
        """Hang up; the next request connects again."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def take_until(self, end: bytes) -> bytes:
        """Return what comes next, up to and with `end`: an answer that never ends is read so. Raises: OSError."""
        while (at := self._buffer.find(end)) < 0:
            self._read()
        return self._take(at + len(end))

    def _take_chunks(self) -> bytes:
        """Return a body that came in chunks (RFC 9112 §7.1). Raises: OSError."""
        body = b""
        try:
            while size := int(self.take_until(b"\r\n").partition(b";")[0], 16):
                body += self._take(size + 2)[:-2]
        except ValueError as error:
            raise NotHttp("no chunk") from error
        self.take_until(b"\r\n")
        return body

    def _take(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._read()
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken

    def _read(self) -> None:
        if self._socket is None:
            raise NotHttp("hung up")
        data = self._socket.recv(65536)
        if not data:
            raise NotHttp("the server hung up")
        self.received += len(data)
        self._buffer += data


def _connected(url: SplitResult) -> socket.socket:
    port = url.port or (443 if url.scheme == "https" else 80)
    connected = socket.create_connection((url.hostname or "", port), timeout=PATIENCE_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if url.scheme == "https":
        return ssl.create_default_context().wrap_socket(connected, server_hostname=url.hostname)
    return connected
