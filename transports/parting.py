"""Parting: a last word to a client whose request can't be read to its end.

A socket that is closed with unread bytes in it is reset, and the reset overtakes the answer. So the answer is sent, our
half is closed, and what still comes is read and thrown away for a moment. Tornado has no part in it: it has given up.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from http import HTTPStatus

from transports.refusals import problem
from transports.wire import to_json

LINGER_SECONDS = 2.0
READ_BYTES = 1 << 16
HEADER_BYTES = 16 * 1024

_lingering: set[asyncio.Task[None]] = set()  # asyncio itself keeps no task alive


def _refusal(status: HTTPStatus, detail: str) -> bytes:
    body = to_json(problem(status, detail))
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/problem+json\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


HEAD_TOO_BIG = _refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a request’s head may have {HEADER_BYTES} bytes"
)
UNREADABLE = _refusal(HTTPStatus.BAD_REQUEST, "this isn’t HTTP/1.1: see RFC 9112 for its form")


def say_and_close(connection: socket.socket, answer: bytes) -> None:
    """Send an answer that asks for no other, then close the connection gently: it is ours from now on."""
    task = asyncio.ensure_future(_part(connection, answer))
    _lingering.add(task)
    task.add_done_callback(_lingering.discard)


async def _part(connection: socket.socket, answer: bytes) -> None:
    loop = asyncio.get_running_loop()
    with connection, suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            await loop.sock_sendall(connection, answer)
            connection.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(connection, READ_BYTES):
                pass
