"""Clients that reset their connection at the worst moment: nothing is logged, nothing is left behind.

Where the server has not had a turn yet, all that a client did comes at once: its request, and its reset with it. So
each `await` and each write of the server may be the one that finds out.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable

import pytest

from tests.conftest import Serve
from tests.support.http import ask
from tests.support.in_process_server import GatedStore, InProcessServer
from tests.support.waiting import until
from transports.app import TRANSPORTS
from transports.wire import Draft

BODY = json.dumps({"author": "ann", "text": "hi"}).encode()


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==",
)
JSON = ("Content-Type: application/json", f"Content-Length: {len(BODY)}")
EMPTY_FRAMES = b"\x81\x80\0\0\0\0" * 5  # text, masked
REQUESTS = {
    **{name: request("GET", f"/rooms/lobby/{name}", *UPGRADE) for name in TRANSPORTS},
    "long-polling, held": request("GET", "/rooms/lobby/long-polling?cursor=now"),
    "websocket, malformed": request("GET", "/rooms/lobby/websocket?cursor=x", *UPGRADE),
    "websocket, and frames": request("GET", "/rooms/lobby/websocket", *UPGRADE, body=EMPTY_FRAMES),
    "posting": request("POST", "/rooms/lobby/messages", *JSON, body=BODY),
    "posting, half": request("POST", "/rooms/lobby/messages", *JSON, body=BODY[:9]),
    "publishing": request("POST", "/publish", *JSON, body=BODY),
    "inspecting": request("GET", "/inspect"),
    "health": request("GET", "/healthz"),
    "metrics": request("GET", "/metrics"),
    "nowhere": request("GET", "/nowhere"),
    "a head that is too big": b"GET /" + b"x" * 40_000,
}
AT_ONCE = 40


def connect(server: InProcessServer, sent: bytes) -> socket.socket:
    """Connect and ask, while the server's loop has no turn."""
    client = socket.create_connection(("127.0.0.1", server.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sendall(sent)
    return client


async def settled(server: InProcessServer) -> None:
    await ask(server.url, "/healthz")  # accepted after all others
    connections = server.chat.connections
    await until(lambda: not connections.in_progress and not connections.lasting)
    await until(lambda: not server.chat.traffic.open)
    await until(lambda: not any(room.readers for room in server.chat.rooms))


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
async def test_a_client_that_resets_with_its_request_is_no_traceback(
    server: InProcessServer, sent: bytes
) -> None:
    for _ in range(AT_ONCE):
        connect(server, sent).close()
    await settled(server)


@pytest.mark.parametrize("turns", range(0, 12))
@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
async def test_a_client_that_resets_some_turns_after_its_request_is_no_traceback(
    server: InProcessServer, sent: bytes, turns: int
) -> None:
    await (await server.room()).post(Draft("ann", "x" * 2000))
    clients = [connect(server, sent) for _ in range(5)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for client in clients:
        client.close()
    await (await server.room()).post(Draft("ann", "what meets them"))
    await settled(server)


@pytest.mark.parametrize(
    "gate", [lambda s: s.reading, lambda s: s.appending], ids=["read", "append"]
)
@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
async def test_a_client_that_resets_while_the_store_takes_its_time_is_no_traceback(
    serve: Serve, sent: bytes, gate: Callable[[GatedStore], asyncio.Event]
) -> None:
    store = GatedStore()
    store.open_gates()
    gate(store).clear()
    server = await serve(store=store)
    clients = [connect(server, sent) for _ in range(5)]
    await until(
        lambda: len(server.chat.traffic.open) == 5 or not server.chat.connections.in_progress
    )
    for client in clients:
        client.close()
    store.open_gates()
    await settled(server)
