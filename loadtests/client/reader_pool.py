"""Crowd: many readers in one thread, as cheap as Python can have them.

Real clients would cost more than the server that is measured. These send ready bytes and look for marks: a
message's text is its time of sending between two `@`, so a delivery is counted and timed without decoding it.
"""

from __future__ import annotations

import base64
import os
import re
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MARK = re.compile(rb"@(\d{10,20})@")
MARK_BYTES = 24
CONTENT_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
CURSOR = re.compile(rb'"cursor": ?"?([0-9a-f:]+)')
PADDING = "x" * 80


def marked_text() -> str:
    """Make a text that says when it was sent."""
    return f"@{time.perf_counter_ns()}@{PADDING}"


def masked_frame(text: str) -> bytes:
    """Put a text into a client's frame (RFC 6455 §5.2), masked with zeros: the mask costs the server the same."""
    data = text.encode()
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
    return b"\x81" + size + b"\0\0\0\0" + data


def connect(port: int) -> socket.socket:
    """Open a connection to a server of this machine."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def upgrade(port: int, path: str) -> socket.socket:
    """Open a WebSocket."""
    connection = connect(port)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    if b" 101 " not in head.split(b"\r\n", 1)[0]:
        raise SystemExit(f"the handshake was refused: {head[:200]!r}")
    return connection


def request(method: str, path: str, body: str = "") -> bytes:
    """Make an HTTP request's bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n"
    return f"{head}\r\n{body}".encode()


def one_answer(connection: socket.socket) -> bytes:
    """Read one whole HTTP answer from a blocking connection."""
    answer = b""
    while not (size := answer_size(answer)):
        answer += connection.recv(65536)
    return answer[:size]


def answer_size(received: bytes) -> int:
    """Give how many bytes the first HTTP answer in `received` has; 0 while it isn't whole."""
    head, mark, body = received.partition(b"\r\n\r\n")
    length = CONTENT_LENGTH.search(head)
    size = int(length[1]) if length else 0
    return len(head) + 4 + size if mark and len(body) >= size else 0


@dataclass(slots=True)
class Reader:
    """One connection, and what it has received but not looked through."""

    connection: socket.socket
    rest: bytes = b""


@dataclass
class Crowd:
    """Readers that are served in turn; `delays` holds each delivery's, in nanoseconds."""

    on_answer: Callable[[Reader, bytes], None] | None = (
        None  # set: readers poll, and this asks again
    )
    delays: list[int] = field(default_factory=list)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def add(self, connection: socket.socket) -> Reader:
        """Let one more read."""
        connection.setblocking(False)
        reader = Reader(connection)
        self.selector.register(connection, selectors.EVENT_READ, reader)
        return reader

    def serve(self, seconds: float) -> None:
        """Take what has come, waiting at most `seconds` for it."""
        for key, _ in self.selector.select(seconds):
            reader: Reader = key.data
            data = reader.connection.recv(1 << 18)
            if not data:
                raise SystemExit("the server closed a reader’s connection")
            self._look(reader, reader.rest + data)

    def serve_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Serve until it is done, at most for so many seconds; say whether it is."""
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            self.serve(0.01)
        return done()

    def _look(self, reader: Reader, received: bytes) -> None:
        now = time.perf_counter_ns()
        if self.on_answer is None:
            end = 0
            for mark in MARK.finditer(received):
                end = mark.end()
                self.delays.append(now - int(mark[1]))
            reader.rest = received[max(end, len(received) - MARK_BYTES) :]
            return
        while size := answer_size(received):
            answer, received = received[:size], received[size:]
            self.delays += [now - int(mark[1]) for mark in MARK.finditer(answer)]
            self.on_answer(reader, answer)
        reader.rest = received

    def percentile_ms(self, part: float) -> float:
        """Give a percentile of the delays, in milliseconds."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] / 1e6

    def close(self) -> None:
        """Let everybody go."""
        for key in list(self.selector.get_map().values()):
            key.data.connection.close()
        self.selector.close()
