"""Compression: what `permessage-deflate` costs a WebSocket server in memory, for each connection.

The chat has it switched off, so this measures plain Tornado (see `compression_probe`).
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tutorial.laboratory.disposable_server import project_first
from tutorial.measurements.names import Values

CONNECTIONS = 200
FIRST_CONNECTIONS = 20  # what a server does for the first time takes memory that belongs to none
TEXT = "Hello, how long am I? " * 8


def compression(_: int) -> Values:
    """What a connection takes of plain Tornado’s memory after one message, compressed and not."""
    values: Values = {"connections": CONNECTIONS}
    return values | {
        f"{switch}_kib": asyncio.run(connection_kib(switch)) for switch in ("off", "on")
    }


async def connection_kib(switch: str) -> float:
    """Return what each of CONNECTIONS takes in a fresh server, in KiB."""
    command = (sys.executable, "-m", "tutorial.measurements.compression_probe", switch)
    server = await asyncio.create_subprocess_exec(*command, env=project_first(), stdout=PIPE)
    assert server.stdout is not None
    url = f"ws://127.0.0.1:{int(await server.stdout.readline())}/"
    connections: list[WebSocketClientConnection] = []
    try:
        before = await occupied(url, switch, FIRST_CONNECTIONS, connections)
        after = await occupied(url, switch, CONNECTIONS, connections)
    finally:
        for connection in connections:
            connection.close()
        server.terminate()
        await server.wait()
    return (after - before) / 1024 / CONNECTIONS


async def occupied(
    url: str, switch: str, count: int, connections: list[WebSocketClientConnection]
) -> int:
    """Open `count` more connections, send one message over each, and return the server's bytes."""
    options: dict[str, object] | None = {} if switch == "on" else None
    for _ in range(count):
        connections.append(await websocket_connect(url, compression_options=options))
        await connections[-1].write_message(TEXT)
        answer = await connections[-1].read_message()
    return int(str(answer).split()[0])
