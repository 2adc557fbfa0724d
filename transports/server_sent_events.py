"""Server-sent events: send me what comes – in one answer to one GET, which doesn't end.

What goes down is text: a `field: value` a line, an empty line after each event. A browser's EventSource reads it, and
comes back by itself with the id of the last event that it had: our cursor. Nothing goes up; to speak, POST. The
room pushes as it does to a WebSocket, and the same Sender gives up a reader that takes nothing.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import lru_cache, partial

from transports.handler import RoomHandler
from transports.sender import Sender
from transports.wire import Batch, Cursor, Start

RETRY_MS = (500, 3000)  # readers that a restart has cut off come back spread over this time


@lru_cache(maxsize=16)
def event(batch: Batch, chunked: bool) -> bytes:
    """Put a batch into one event (HTML §9.2.5); remembered, because a room gives it to each of its readers.

    The id goes last: a client may store it as soon as it has read it, and be cut off before the data.
    """
    cursor = str(batch.cursor).encode()
    return piece(b"event: batch\ndata: %b\nid: %b\n\n" % (batch.json, cursor), chunked)


def piece(data: bytes, chunked: bool) -> bytes:
    """Wrap a part of an answer whose length nobody knows yet: HTTP/1.1 wants to see where it ends (RFC 9112 §7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data) if chunked else data


class ServerSentEventsHandler(RoomHandler):
    """`GET /rooms/{room}/server-sent-events?cursor=`, or `Last-Event-ID:` → batches, one an event."""

    transport = "server-sent-events"
    streaming: asyncio.Task[None] | None = None

    async def get(self, room: str) -> None:
        cursor, chunked = self.cursor(), self.request.version == "HTTP/1.1"
        if not self.has_left:
            self._begin()
        if self.has_left:  # by now, the head's own write may have found out
            return
        self.sender = Sender(self.stream, partial(event, chunked=chunked), self.stream.close)
        self.subscription = self.room.subscribe(cursor, self.sender.push)
        with suppress(asyncio.CancelledError):  # when the client leaves, or the server ends
            await asyncio.get_running_loop().create_future()  # nobody sets it
        self.unsubscribe()

    def cursor(self) -> Cursor | Start:
        """Return where the client goes on: its last event is newer than its address. Raises: Malformed."""
        last = self.request.headers.get("Last-Event-ID") or self._query_argument("lastEventId")
        return Cursor.parse(last) if last else super().cursor()

    def _begin(self) -> None:
        """Send the head of the answer."""
        self.streaming = asyncio.current_task()
        self.chat.connections.open(self, self.token_seconds)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")  # nginx would keep events until a buffer is full
        self.stream.set_nodelay(True)
        self.write(f"retry: {random.randint(*RETRY_MS)}\n\n")
        self.flush()
        self.shed_headers()

    def close(self, code: int, reason: str) -> None:
        """End the stream; it has no way to say why."""
        if self.streaming is not None:
            self.streaming.cancel()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.close(1006, "the client has left")
