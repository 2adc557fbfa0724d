"""A script that can't keep up: a run for the chapter about slow readers.

`python -m tutorial.laboratory.busy_script '{"messages": "3000"}'` serves a room to the page at PAGE_ORIGIN, prints its
port, and waits until that page reads it over each of READERS. Then it posts MESSAGES at RATE, and prints how many it
has posted, and how many of them each reader's socket has taken. What a socket has not taken waits in the room's log.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any, cast

from transports.app import make_app
from transports.chat import Chat
from transports.room import Room
from transports.rooms import Rooms
from transports.server import Server
from transports.stores.memory import MemoryStore
from transports.stream import CountedStream
from transports.wire import Draft

READERS = {"websocket", "server-sent-events"}
MESSAGES = 3000
RATE = 1000.0  # a second
TEXT = "x" * 10_000
MESSAGE_BYTES = len(TEXT) + 70  # with its other fields
STEP = 100  # messages from one report to the next
SEND_BYTES = 1 << 16  # else the kernel would take some megabytes more
SETTLE_SECONDS = 0.3  # for the last flush to be taken
PATIENCE_SECONDS = 20.0
CHOICES = {"messages": (str(MESSAGES),)}


def streams(chat: Chat) -> Iterator[tuple[str, CountedStream]]:
    """Yield each reader's transport and connection."""
    for reader in chat.connections.lasting:
        yield reader.transport, cast(Any, reader).stream


async def wait_for_readers(chat: Chat) -> None:
    """Wait until all are here, and give each a small buffer in the kernel. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while {transport for transport, _ in streams(chat)} != READERS:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    for _, stream in streams(chat):
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)


async def speak(room: Room, chat: Chat) -> None:
    """Post each message when it is due, and report after each step."""
    began = time.monotonic()
    for number in range(1, MESSAGES + 1):
        await room.post(Draft("ann", TEXT))
        if number % STEP == 0:
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            report(**taken(chat, number))


def taken(chat: Chat, posted: int) -> dict[str, Any]:
    """Return how many messages were posted, and how many of them the socket of each reader has taken."""
    sent = {name: min(posted, stream.sent // MESSAGE_BYTES) for name, stream in streams(chat)}
    return {"posted": posted, "sent": sent}


def report(**line: object) -> None:
    """Print one line for the page."""
    print(json.dumps(line), flush=True)


async def main() -> None:
    """Serve the room, and speak in it."""
    rooms = Rooms(MemoryStore(MESSAGES, kept=MESSAGES), MESSAGES)
    await rooms.open()
    chat = Chat(rooms)
    server = Server(chat, make_app(chat, trusted_origins=[os.environ["PAGE_ORIGIN"]]))
    report(port=server.listen(0))
    await wait_for_readers(chat)
    await speak(await rooms.enter("busy"), chat)
    await asyncio.sleep(SETTLE_SECONDS)
    report(**taken(chat, MESSAGES), end=True)
    await asyncio.sleep(PATIENCE_SECONDS)  # the page ends this run when it has read its own counts


if __name__ == "__main__":
    asyncio.run(main())
