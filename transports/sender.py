"""Sender: batches to one stream, straight into its socket while that is idle.

`IOStream.write` keeps a buffer and a future for every write, which an idle socket doesn't need: two thirds of what a
delivery costs the server. When the socket takes no more, the rest goes through `write` after all, its future says when
it was taken, and a reader that takes nothing for STALL_SECONDS is given up. Each transport that pushes has one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from transports.stream import CountedStream
from transports.wire import Batch

STALL_SECONDS = 30.0


class Sender:
    """Sends what `encode` makes of a batch; calls `on_stall` when the reader takes nothing more."""

    __slots__ = ("_encode", "_on_stall", "_send", "_stream")

    def __init__(
        self,
        stream: CountedStream,
        encode: Callable[[Batch], bytes],
        on_stall: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._encode = encode
        self._on_stall = on_stall
        self._send = stream.socket.send

    def push(self, batch: Batch) -> asyncio.Future[None] | None:
        """Send a batch. None: the socket took all of it at once; else a future that is done when it has.

        The future is cancelled when the client has gone.
        """
        data: bytes | memoryview = self._encode(batch)
        try:
            if not self._stream.writing():
                count = self._send_now(data)
                if count == len(data):
                    return None
                data = memoryview(data)[count:]
            return self._watch(self._stream.write(data))
        except OSError as error:
            self._stream.close(exc_info=error)
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gone.cancel()
            return gone

    def _send_now(self, data: bytes | memoryview) -> int:
        try:
            count: int = self._send(data)
        except BlockingIOError:
            return 0
        self._stream.sent += count
        return count

    def _watch(self, taken: asyncio.Future[None]) -> asyncio.Future[None]:
        later = asyncio.get_running_loop().call_later
        later(STALL_SECONDS, self._look, taken, self._stream.sent)
        return taken

    def _look(self, taken: asyncio.Future[None], sent: int) -> None:
        if taken.done():
            return
        if self._stream.sent == sent:
            self._on_stall()
        else:
            self._watch(taken)
