"""Read a room to its message N with a client of others: python by_python.py CLIENT BASE CURSOR N.

Prints the ids in the order in which they were applied.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

CLIENT, BASE, FIRST, LAST = sys.argv[1:]
SOCKET = BASE.replace("http", "ws", 1) + "/websocket"
EVENTS = BASE + "/server-sent-events"
PAUSE_SECONDS = 0.05

ids: list[int] = []
cursor = FIRST


class Done(Exception):
    """The last message is there."""


def apply(text: str | bytes) -> None:
    """Do a client’s whole duty with a batch. Raises: Done."""
    global cursor
    batch = json.loads(text)
    if batch["gap"]:
        ids.clear()
    ids.extend(m["id"] for m in batch["messages"] if not ids or m["id"] > ids[-1])
    cursor = batch["cursor"]
    if ids and ids[-1] >= int(LAST):
        raise Done


def httpx_sse() -> None:
    import httpx
    from httpx_sse import connect_sse

    with httpx.Client(trust_env=False) as client, suppress(httpx.HTTPError):
        headers = {"Last-Event-ID": cursor}
        with connect_sse(client, "GET", EVENTS, headers=headers, timeout=None) as source:
            for event in source.iter_sse():
                if event.event == "batch":
                    apply(event.data)


def websockets() -> None:
    from websockets.exceptions import ConnectionClosed, InvalidMessage
    from websockets.sync.client import connect

    with (
        suppress(ConnectionClosed, InvalidMessage, OSError),
        connect(f"{SOCKET}?cursor={cursor}", proxy=None) as socket,
    ):
        for frame in socket:
            apply(frame)


def aiohttp() -> None:
    from aiohttp import ClientError, ClientSession, WSMsgType

    async def read() -> None:
        async with (
            ClientSession() as session,
            session.ws_connect(f"{SOCKET}?cursor={cursor}") as socket,
        ):
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    apply(frame.data)

    with suppress(ClientError, OSError):
        asyncio.run(read())


def websocket_client() -> None:
    from websocket import WebSocketException, create_connection

    with suppress(WebSocketException, OSError):
        socket = create_connection(f"{SOCKET}?cursor={cursor}")
        while frame := socket.recv():
            apply(frame)


def curl() -> None:
    options = ["curl", "-sN", "--noproxy", "*", "-H", f"Last-Event-ID: {cursor}", EVENTS]
    with subprocess.Popen(options, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            for fields in events(process.stdout):
                if b"data" in fields:
                    apply(fields[b"data"])
        finally:
            process.kill()


def events(lines: Iterator[bytes]) -> Iterator[dict[bytes, bytes]]:
    """Yield the whole events of a stream; one that was cut is none (HTML §9.2.6)."""
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.rstrip(b"\n").partition(b": ")
        if name:
            fields[name] = value
        else:
            yield fields
            fields = {}


CLIENTS: dict[str, Callable[[], None]] = {
    "httpx-sse": httpx_sse,
    "websockets": websockets,
    "aiohttp": aiohttp,
    "websocket-client": websocket_client,
    "curl": curl,
}


async def main() -> None:
    """Connect again, with the new cursor, until the last message is there."""
    with suppress(Done):
        while True:
            await asyncio.to_thread(CLIENTS[CLIENT])
            await asyncio.sleep(PAUSE_SECONDS)
    print(json.dumps(ids))


if __name__ == "__main__":
    asyncio.run(main())
