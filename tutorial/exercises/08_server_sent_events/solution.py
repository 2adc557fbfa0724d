"""Write a transport of your own: server-sent events.

The room pushes, as it does to a WebSocket. A push is done when its bytes are in the socket, so a
slow reader falls behind in the log and not in the server's memory. `active` is set by each push and
by the end: what sets it within 20 seconds makes a heartbeat unnecessary. It exists before anything
can end, because a client may leave while its handler still enters the room.

`transports/server_sent_events.py` is the same transport with a shorter way to the socket, and a
limit for readers that take nothing at all.
"""

import asyncio
import random
from contextlib import suppress

from transports.chat import Chat
from transports.handler import RoomHandler
from transports.wire import Batch, Cursor, Start

HEARTBEAT_SECONDS = 20
RETRY_MS = (500, 3000)


class EventStreamHandler(RoomHandler):
    """`GET /rooms/{room}/server-sent-events?cursor=`, or `Last-Event-ID:`."""

    transport = "server-sent-events"

    def initialize(self, chat: Chat) -> None:
        """Begin before the room is entered."""
        super().initialize(chat)
        self.active, self.ended = asyncio.Event(), False

    async def get(self, room: str) -> None:
        """Send what follows the cursor, for as long as both ends are here."""
        self.set_header("Content-Type", "text/event-stream")
        self.chat.connections.open(self)
        self.write(f"retry: {random.randint(*RETRY_MS)}\n\n")
        self.subscription = self.room.subscribe(self.cursor(), self.push)
        while not self.ended:
            self.active.clear()
            if await self.silent_for(HEARTBEAT_SECONDS):
                self.push(Batch(room, self.sent_to, gap=False, more=False, messages=()))
        self.subscription.cancel()

    def push(self, batch: Batch) -> asyncio.Future[None]:
        """Send a batch; the future is done when the socket has taken it."""
        self.sent_to = batch.cursor
        self.active.set()
        self.write(event(batch))
        return self.flush()

    async def silent_for(self, seconds: float) -> bool:
        """Return True after this time, or False as soon as a batch is sent or the stream ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.active.wait()
        return not self.active.is_set()

    def cursor(self) -> Cursor | Start:
        """Return where the client wants to go on."""
        last = self.request.headers.get("Last-Event-ID") or self._query_argument("lastEventId")
        return Cursor.parse(last) if last else super().cursor()

    def close(self, code: int, reason: str) -> None:
        """End the stream when the server stops; it has no way to say why."""
        self.ended = True
        self.active.set()

    def on_connection_close(self) -> None:
        """End the stream of a client that has left."""
        super().on_connection_close()
        self.close(1006, "the client has left")


def event(batch: Batch) -> bytes:
    """Return the batch as one event.

    The id goes last: a client may store it as soon as it has read it, and be cut off before the data.
    """
    return b"event: batch\ndata: %b\nid: %b\n\n" % (batch.json, str(batch.cursor).encode())


TRANSPORTS = {"server-sent-events": EventStreamHandler}
