"""Mistake: no comment in a silent room: a proxy takes the server for dead, and cuts the stream.

Told: a comment within 15 s in a silent room; got nothing within
"""

import asyncio

from transports.chat import Chat
from transports.handler import RoomHandler
from transports.wire import Batch, Cursor, Start


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
        await self.ended.wait()
        self.follower.leave()

    def push(self, batch: Batch) -> asyncio.Future[None]:
        """Send a batch; what comes back is done when the socket has taken it."""
        self.write(event(batch))
        return self.flush()

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
    return b"event: batch\nid: %b\ndata: %b\n\n" % (str(batch.cursor).encode(), batch.json)


TRANSPORTS = {"server-sent-events": FourthDoor}
