"""Four ways to treat a reader that doesn't read: write on, wait, drop, disconnect.

Each is a WebSocket handler of a few lines, and each is common. The room is as plain as can be: a post delivers the
message to one reader after the other. What the readers of `transports/` get instead is a place in a log.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.websocket import WebSocketHandler

LIMIT_BYTES = 1 << 20  # for one reader, as Centrifugo has it


class PlainRoom:
    """A room that delivers each message to its readers in turn."""

    def __init__(self) -> None:
        self.readers: dict[WritingOn, None] = {}

    async def post(self, text: str) -> None:
        """Deliver a message to everybody who is here."""
        for reader in list(self.readers):
            await reader.deliver(text)


class WritingOn(WebSocketHandler):
    """Write, whether or not the reader reads: what it doesn't take stays in memory."""

    def initialize(self, room: PlainRoom) -> None:
        self.room = room
        self.waiting = 0  # bytes that were written here, and not yet taken by the socket

    def open(self, *_: Any) -> None:
        self.room.readers[self] = None

    def on_close(self) -> None:
        self.room.readers.pop(self, None)

    async def deliver(self, text: str) -> None:
        self.send(text)

    def send(self, text: str) -> asyncio.Future[None]:
        """Write a message; return a future that is done when the socket has taken it."""
        size = len(text)
        self.waiting += size

        def on_written(written: asyncio.Future[None]) -> None:
            self.waiting -= size
            if not written.cancelled():
                written.exception()  # the connection has ended: `on_close` comes

        sent = asyncio.ensure_future(self.write_message(text))
        sent.add_done_callback(on_written)
        return sent


class Waiting(WritingOn):
    """Wait until this reader has taken the message: the author waits too, and everybody who is next."""

    async def deliver(self, text: str) -> None:
        await asyncio.wait([self.send(text)])


class Dropping(WritingOn):
    """Leave out what comes while too much waits for this reader, and report nothing."""

    async def deliver(self, text: str) -> None:
        if self.waiting < LIMIT_BYTES:
            self.send(text)


class Disconnecting(WritingOn):
    """Close the connection of a reader for which too much waits."""

    async def deliver(self, text: str) -> None:
        if self.waiting < LIMIT_BYTES:
            self.send(text)
        else:
            self.room.readers.pop(self, None)
            self.close(1013, "too slow: try again later")


POLICIES: dict[str, type[WritingOn]] = {
    "write-on": WritingOn,
    "wait": Waiting,
    "drop": Dropping,
    "disconnect": Disconnecting,
}
