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
    connection = connect(port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key}
    lines |= {"Sec-WebSocket-Version": "13"}
    if browser:
        lines |= {"Origin": f"http://127.0.0.1:{port}", **handshake_headers()}
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{_lines(lines)}\r\n".encode()
    connection.sendall(asked)
    head = b""
    while b"\r\n\r\n" not in head:
        head += _some(connection)
    if not head.startswith(b"HTTP/1.1 101"):
        connection.close()
        raise RefusedHere(f"the handshake was refused: {status_line(head)}")
    return connection, len(asked) + len(head)


def masked_frame(text: str) -> bytes:
    """Return a client's text frame (RFC 6455 §5.2), masked with zeros: the mask costs the server the same."""
    data = text.encode()
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
    return b"\x81" + size + b"\0\0\0\0" + data


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


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    return data


@lru_cache(maxsize=8)
def _head(port: int) -> str:
    if not port:
        return "Host: 127.0.0.1\r\n"
    headers = {"Host": f"127.0.0.1:{port}", **fetch_headers(f"http://127.0.0.1:{port}")}
    return _lines(headers)


def _lines(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
