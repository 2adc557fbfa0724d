"""Open a fourth door: server-sent events.

The room pushes, as it does to a WebSocket; a push is taken when its bytes are in the socket, so a
reader that is slow falls behind in the log and not in the server's memory. `ended` is there before
anything can end: a client may leave while its handler still enters the room.

`transports/server_sent_events.py` is the same door with a shorter way to the socket, and a limit
for readers that take nothing at all.
"""

import asyncio
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
        self.chat.connections.open(self)
        self.subscription = self.room.subscribe(self.cursor(), self.push)
        while not await self.ends_within(COMMENT_SECONDS):
            self.write(": \n\n")
            self.flush()
        self.subscription.cancel()

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

    def close(self, code: int, reason: str) -> None:
        """End the stream when the server stops; it has no way to say why."""
        self.ended.set()

    def on_connection_close(self) -> None:
        """Let go of the client that has left."""
        super().on_connection_close()
        self.ended.set()


def event(batch: Batch) -> bytes:
    """Return the batch as one event."""
    return b"event: batch\nid: %b\ndata: %b\n\n" % (str(batch.cursor).encode(), batch.json)


TRANSPORTS = {"server-sent-events": FourthDoor}
