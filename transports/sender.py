"""Sender: batches to one stream, straight into its socket while that is idle.

`IOStream.write` keeps a buffer and a future for every write, which an idle socket doesn't need: two thirds of what a
delivery costs the server. When the socket takes no more, the rest goes through `write` after all, its future says when
it was written, and a reader that takes nothing for STALL_SECONDS is given up. A stream over which nothing was sent for
HEARTBEAT_SECONDS gets an empty batch: a script sees no ping, and could not tell silence from a dead connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache

from transports.stream import CountedStream
from transports.wire import Batch, Cursor

STALL_SECONDS = 30.0
HEARTBEAT_SECONDS = 20.0


class Sender:
    """Sends what `encode` makes of a batch; calls `on_stall` when the reader takes nothing more."""

    __slots__ = ("_encode", "_last", "_loop", "_on_stall", "_sent_at", "_stream", "_timer")

    def __init__(
        self,
        stream: CountedStream,
        encode: Callable[[Batch], bytes],
        on_stall: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._encode = encode
        self._on_stall = on_stall
        self._loop = asyncio.get_running_loop()
        self._last: Batch | None = None  # shared with all who have it
        self._sent_at = self._loop.time()
        self._timer = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)

    def push(self, batch: Batch) -> asyncio.Future[None] | None:
        """Send a batch. None: the socket took all of it at once; else a future that is done when it has.

        The future is cancelled when the client has gone.
        """
        self._last, self._sent_at = batch, self._loop.time()
        written = self._stream.send(self._encode(batch))
        return None if written is None else self._watch(written)

    def stop(self) -> None:
        """Send no more heartbeats."""
        self._timer.cancel()

    def _watch(self, written: asyncio.Future[None]) -> asyncio.Future[None]:
        self._loop.call_later(STALL_SECONDS, self._check_progress, written, self._stream.sent)
        return written

    def _check_progress(self, written: asyncio.Future[None], sent: int) -> None:
        if written.done():
            return
        if self._stream.sent == sent:
            self._on_stall()
        else:
            self._watch(written)

    def _beat(self) -> None:
        """Send an empty batch if it is time; what is on its way already is a sign of life, too."""
        silent = self._loop.time() - self._sent_at
        if silent >= HEARTBEAT_SECONDS and self._last and not self._stream.writing():
            self.push(_heartbeat(self._last.room, self._last.cursor))
            silent = 0.0
        if not self._stream.closed():
            wait = max(HEARTBEAT_SECONDS - silent, HEARTBEAT_SECONDS / 20)
            self._timer = self._loop.call_later(wait, self._beat)


@lru_cache(maxsize=64)
def _heartbeat(room: str, cursor: Cursor) -> Batch:
    return Batch(room, cursor, gap=False, more=False, messages=())
