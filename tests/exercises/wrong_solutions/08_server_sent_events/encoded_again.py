"""Mistake: the batch is decoded and encoded again, and its bytes are no longer those of the other doors.

Told: “a messages bytes are the same on every transport and for every reader”
"""

import asyncio
import json
from contextlib import suppress

from transports.chat import Chat
from transports.handler import RoomHandler
from transports.wire import Batch, Cursor, Start

COMMENT_SECONDS = 15


class FourthDoor(RoomHandler):
    """`GET /rooms/{room}/server-sent-events?cursor=`, or `Last-Event-ID:`."""

    transport = "server-sent-events"

    def initialize(self, chat: Chat) -> None:
        """Begin before the room is entered."""
        super().initialize(chat)
        self.ended = asyncio.Event()

    async def get(self, room: str) -> None:
        """Tell what follows the cursor, for as long as both ends are here."""
        self.set_header("Content-Type", "text/event-stream")
        self.chat.streams[self] = self.ended.set
        self.follower = self.room.follow(self.cursor(), self.push)
        while not await self.ends_within(COMMENT_SECONDS):
            self.write(": \n\n")
            self.flush()
        self.follower.leave()

    def push(self, batch: Batch) -> asyncio.Future[None]:
        """Send a batch; what comes back is done when the socket has taken it."""
        self.write(event(batch))
        return self.flush()

    async def ends_within(self, seconds: float) -> bool:
        """Return whether the client or the server has gone, after this time at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        return self.ended.is_set()

    def cursor(self) -> Cursor | Start:
        """Return where the client wants to go on."""
        last = self.request.headers.get("Last-Event-ID")
        return super().cursor() if last is None else Cursor.parse(last)

    def on_connection_close(self) -> None:
        """Let go of the client that has left."""
        super().on_connection_close()
        self.ended.set()


def event(batch: Batch) -> bytes:
    """Return the batch as one event."""
    return b"event: batch\nid: %b\ndata: %b\n\n" % (
        str(batch.cursor).encode(),
        json.dumps(json.loads(batch.json)).encode(),
    )


TRANSPORTS = {"server-sent-events": FourthDoor}
