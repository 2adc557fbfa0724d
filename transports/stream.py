"""CountedStream: a Tornado IOStream that counts its bytes.

Counting here and nowhere else makes every transport's bytes comparable: headers, frames, bodies, all of them, as TCP
carries them. Each stream counts its own, and nobody adds them up until somebody asks.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any

from tornado.iostream import IOStream, UnsatisfiableReadError

from transports.parting import HEAD_TOO_BIG, UNREADABLE, say_and_close

NO_PROGRESS_SECONDS = 60.0  # a client that takes nothing for so long is given up
BARE_400 = b"HTTP/1.1 400 Bad Request\r\n\r\n"  # what Tornado says to a request that it can’t read


@dataclass(slots=True)
class Traffic:
    """What has gone over all of a server's connections: bytes of TCP payload, both ways."""

    open: set[CountedStream] = field(default_factory=set)
    _received: int = 0  # by connections that are closed
    _sent: int = 0

    @property
    def received(self) -> int:
        return self._received + sum(stream.received for stream in self.open)

    @property
    def sent(self) -> int:
        return self._sent + sum(stream.sent for stream in self.open)

    def closed(self, stream: CountedStream) -> None:
        """Keep the counts of a connection that ends."""
        if stream in self.open:
            self.open.discard(stream)
            self._received += stream.received
            self._sent += stream.sent


class ShortQueue(list[Any]):
    """What Tornado needs of a deque, of which an empty one takes 760 bytes; an idle connection has two."""

    def popleft(self) -> Any:
        """Take the first entry; the others move up, of which there are few."""
        return self.pop(0)


class CountedStream(IOStream):
    """One connection to a client. `received` and `sent` count its own bytes."""

    # A slot each: 8000 idle connections would feel a dict's growth.
    __slots__ = ("_last_word", "_traffic", "_watched", "received", "sent")
    _write_buffer: Any
    _write_futures: Any

    def __init__(self, connection: socket.socket, traffic: Traffic) -> None:
        super().__init__(connection)
        self._write_futures, self._write_buffer._buffers = ShortQueue(), ShortQueue()
        self._traffic = traffic
        self._last_word: bytes | None = None  # said when it closes
        self._watched = False
        self.received = 0
        self.sent = 0
        traffic.open.add(self)

    def close(self, exc_info: Any = False) -> None:
        """Close; a request whose head is too big, or a chunk's, to be read is refused first."""
        if isinstance(exc_info, UnsatisfiableReadError):
            self._last_word = HEAD_TOO_BIG if self._read_regex else UNREADABLE
        super().close(exc_info)

    def write(self, data: bytes | memoryview) -> asyncio.Future[None]:
        """Write, and see to it that the other end takes it. What Tornado says to what isn't HTTP, we say at the end."""
        if data == BARE_400:
            self._last_word, data = UNREADABLE, b""
        written = super().write(data)
        if self.writing() and not self._watched:
            self._watch()
        return written

    def _watch(self) -> None:
        self._watched = True
        later = asyncio.get_running_loop().call_later
        later(NO_PROGRESS_SECONDS, self._check_progress, self.sent)

    def _check_progress(self, sent: int) -> None:
        self._watched = False
        if self.closed() or not self.writing():
            return
        if self.sent == sent:
            self.close()
        else:
            self._watch()

    @property
    def has_unread(self) -> bool:
        """Whether something has been received and not read yet."""
        return self._read_buffer_size > 0

    def take(self, count: int) -> bytes | None:
        """Read without a future, if so many bytes are here; else return None.

        While there is more, Tornado doesn't look for the connection's end: what came before it is read first.
        """
        return self._consume(count) if count <= self._read_buffer_size else None

    def send(self, data: bytes) -> asyncio.Future[None] | None:
        """Send without a buffer and a future, if the socket takes all of it at once: then return None.

        Else the rest is written, and the future is done when it has been. It is cancelled when the client has gone.
        """
        if self.closed():
            return self._never()
        try:
            count = 0 if self._write_futures else self.socket.send(data)
        except BlockingIOError:
            count = 0
        except OSError as error:
            self.close(exc_info=error)
            return self._never()
        self.sent += count
        return None if count == len(data) else self.write(memoryview(data)[count:])

    def _never(self) -> asyncio.Future[None]:
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gone.cancel()
        return gone

    def close_fd(self) -> None:
        self._traffic.closed(self)
        if self._last_word is None:
            super().close_fd()
        else:
            say_and_close(self.socket, self._last_word)
            self.socket = None  # type: ignore[assignment]

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        count = super().read_from_fd(buf)
        self.received += count or 0
        return count

    def write_to_fd(self, data: memoryview) -> int:
        count = super().write_to_fd(data)
        self.sent += count
        return count
