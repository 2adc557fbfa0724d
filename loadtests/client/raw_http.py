"""Raw HTTP: requests, answers and WebSocket frames as bytes, for readers that must cost less than what they measure.

It knows sockets to servers of this machine, and as much of HTTP/1.1 and RFC 6455 as our server and its peers speak to
it. For anything else there is connection.py.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import struct
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from loadtests.client.headers import fetch_headers, handshake_headers

CONTENT_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
PING, PONG = b"\x89\x00", b"\x8a\x80\0\0\0\0"  # an empty ping, and the answer, masked with zeros
CONNECT_SECONDS = 10.0


class RefusedHere(OSError):
    """The server answered something else than a success; the text is its status line."""


def connect(port: int) -> socket.socket:
    """Return a connection to a server of this machine. Raises: OSError."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=CONNECT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def request(method: str, path: str, port: int = 0, body: str = "", more: str = "") -> bytes:
    """Return a request's bytes: with a browser's headers when its server's port is given, else with the fewest.

    `body` travels as JSON; `more` are further header lines, each with its end.
    """
    if body:
        size = len(body.encode())
        more += f"Content-Type: application/json\r\nContent-Length: {size}\r\n"
    return f"{method} {path} HTTP/1.1\r\n{_head(port)}{more}\r\n{body}".encode()


def upgrade(port: int, path: str, browser: bool = False) -> tuple[socket.socket, int]:
    """Return a WebSocket and how many bytes its handshake was, both ways. Raises: OSError."""
    asked = f"GET {path} HTTP/1.1\r\n{_handshake(port, browser)}\r\n".encode()
    with ExitStack() as closing:
        connection = closing.enter_context(connect(port))
        connection.sendall(asked)
        head = _answer_head(connection)
        if not head.startswith(b"HTTP/1.1 101"):
            raise RefusedHere(f"the handshake was refused: {status_line(head)}")
        closing.pop_all()
    return connection, len(asked) + len(head)


def masked_frame(text: str) -> bytes:
    """Return a client's text frame (RFC 6455 §5.2), masked with zeros: the mask costs the server the same."""
    data = text.encode()
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
    return b"\x81" + size + b"\0\0\0\0" + data


def one_frame(connection: socket.socket) -> tuple[int, bytes]:
    """Return how long the next data frame's header is, and its payload (RFC 6455 §5.2). Raises: OSError."""
    while True:
        opcode, length = _exactly(connection, 2)
        head = 2
        for marked, form, size in ((126, "!H", 2), (127, "!Q", 8)):
            if length == marked:
                [length], head = struct.unpack(form, _exactly(connection, size)), 2 + size
                break
        payload = _exactly(connection, length)
        if not opcode & 0x08:  # a control frame, such as a ping, may come between
            return head, payload


def one_answer(connection: socket.socket) -> bytes:
    """Return the next whole answer of a blocking connection. Raises: OSError."""
    answer = b""
    while not (size := answer_size(answer)):
        answer += _some(connection)
    return answer[:size]


def answer_size(received: bytes) -> int:
    """Return how many bytes the first answer in `received` has; 0 while it isn't whole."""
    head, mark, body = received.partition(b"\r\n\r\n")
    length = CONTENT_LENGTH.search(head)
    size = int(length[1]) if length else 0
    return len(head) + 4 + size if mark and len(body) >= size else 0


def status_line(answer: bytes) -> str:
    """Return an answer's first line."""
    return answer.split(b"\r\n", 1)[0].decode("latin-1")


def inspect(port: int) -> dict[str, Any]:
    """Return what the server says of itself. Raises: OSError."""
    with connect(port) as connection:
        connection.sendall(request("GET", "/inspect"))
        _, _, body = one_answer(connection).partition(b"\r\n\r\n")
    numbers: dict[str, Any] = json.loads(body)
    return numbers


def _answer_head(connection: socket.socket) -> bytes:
    """Take an answer's head, and nothing after it: the first frame often comes in the same piece."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        ready = head + _some(connection, flags=socket.MSG_PEEK)
        end = ready.find(b"\r\n\r\n")
        head += _some(connection, (end + 4 if end >= 0 else len(ready)) - len(head))
    return head


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        received += _some(connection, count - len(received))
    return received


def _some(connection: socket.socket, at_most: int = 1 << 16, flags: int = 0) -> bytes:
    data = connection.recv(at_most, flags)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    return data


def _handshake(port: int, browser: bool) -> str:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade"}
    lines |= {"Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
    if browser:
        lines |= {"Origin": f"http://127.0.0.1:{port}", **handshake_headers()}
    return _lines(lines)


@lru_cache(maxsize=8)
def _head(port: int) -> str:
    if not port:
        return "Host: 127.0.0.1\r\n"
    headers = {"Host": f"127.0.0.1:{port}", **fetch_headers(f"http://127.0.0.1:{port}")}
    return _lines(headers)


def _lines(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
