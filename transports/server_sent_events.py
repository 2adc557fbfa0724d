"""Server-sent events: send me what comes – in one answer to one GET, which doesn't end.

What goes down is text: a `field: value` a line, an empty line after each event. A browser's EventSource reads it, and
comes back by itself with the id of the last event that it had: our cursor. Nothing goes up; to speak, POST. The
room pushes as it does to a WebSocket, and the same Sender gives up a reader that takes nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache, partial

from transports.handler import RoomHandler
from transports.sender import Sender
from transports.wire import Batch, Cursor, Start

COMMENT_SECONDS = 15.0  # below every proxy's patience with an answer that has fallen silent
COMMENT = b": \n\n"


@lru_cache(maxsize=16)
def event(batch: Batch, chunked: bool) -> bytes:
    """Put a batch into one event (HTML §9.2.5); remembered, because a room gives it to each of its readers."""
    cursor = str(batch.cursor).encode()
    return piece(b"event: batch\nid: %b\ndata: %b\n\n" % (cursor, batch.json), chunked)


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
        push = Sender(self.stream, partial(event, chunked=chunked), self.stream.close).push
        self.subscription = self.room.subscribe(cursor, push)
        with suppress(asyncio.CancelledError):  # when the client leaves, or the server ends
            while True:
                await asyncio.sleep(COMMENT_SECONDS)
                if not self.stream.writing():
                    self.stream.write(piece(COMMENT, chunked))
        self.subscription.cancel()

    def cursor(self) -> Cursor | Start:
        """Return where the client goes on: its last event is newer than its address. Raises: Malformed."""
        last = self.request.headers.get("Last-Event-ID")
        return super().cursor() if not last else Cursor.parse(last)

    def _begin(self) -> None:
        """Send the head of the answer."""
        self.streaming = asyncio.current_task()
        self.chat.connections.open(self, self.token_seconds)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")  # nginx would keep events until a buffer is full
        self.stream.set_nodelay(True)
        self.flush()

    def close(self, code: int, reason: str) -> None:
        """End the stream; it has no way to say why."""
        if self.streaming is not None:
            self.streaming.cancel()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.close(1006, "the client has left")
