"""Link: a TCP proxy between a browser and a server, for what goes wrong on a network.

On loopback nothing goes wrong by itself. A Link listens on a port of its own, carries bytes to the server and back, and
delays, drips, holds or cuts them as its conditions say. It reads no HTTP and changes no byte, so everything that the
server can do works through it; and because it sees each byte that travels, it can report them to a listener.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Literal

Way = Literal["up", "down"]
Listener = Callable[[int, Way, bytes], None]  # (connection, way, bytes); no bytes: that end closed

CHUNK_BYTES = 64 * 1024
DRIP_SECONDS = 0.05
RESEND_SECONDS = 0.2  # Linux’s shortest time-out, after which TCP sends again what was lost
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


@dataclass
class Conditions:
    """What a link does to bytes, each way."""

    latency_ms: float = 0
    jitter_ms: float = 0  # at random up to this much more; order is kept
    drip: float = 0  # bytes a second; 0: as fast as it goes
    loss: float = 0  # percent of the pieces; a lost one comes later, and all behind it wait: TCP keeps the order


class Link:
    """Carries connections from its own port to `upstream`, a port of this machine."""

    def __init__(self, upstream: int, seed: int = 1, listener: Listener | None = None) -> None:
        self.conditions = Conditions()
        self._upstream = upstream
        self._random = random.Random(seed)
        self._listener = listener
        self._numbers = count(1)
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen(self) -> int:
        """Accept connections; return the port, the same one each time."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    def freeze(self) -> None:
        """Let no byte through, and end nothing: the connections are half-open."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let what was held back go on."""
        self._flowing.set()

    def cut(self) -> None:
        """Reset every connection at both ends."""
        for end in self._ends:
            if end.is_closing():
                continue
            connection = end.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.transport.abort()

    def stop_listening(self) -> None:
        """Refuse new connections, as a port does on which nobody listens."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Refuse new connections, and end those there are."""
        self.stop_listening()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._join(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both ways until both ends have closed."""
        number = next(self._numbers)
        ends = {writer}
        self._ends.add(writer)
        try:
            away, back = await asyncio.open_connection("127.0.0.1", self._upstream)
            ends.add(back)
            self._ends.add(back)
            up = self._carry(number, "up", reader, back)
            await asyncio.gather(up, self._carry(number, "down", away, writer))
        except OSError:
            self._report(number, "down", b"")
        finally:
            self._ends -= ends
            for end in ends:
                end.close()

    async def _carry(
        self, number: int, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        """Carry one way: one task reads, the other writes what is due."""
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        releasing = asyncio.ensure_future(self._release_when_due(due, sink))
        try:
            while True:
                await self._flowing.wait()
                data = await source.read(CHUNK_BYTES)
                self._report(number, way, data)
                await due.put((time.monotonic() + self._delay(), data))
                if not data:
                    break
            await releasing
        finally:
            releasing.cancel()

    def _delay(self) -> float:
        """Return how long a piece is on its way, in seconds; a lost one is missed, and sent again."""
        jitter_ms = self._random.uniform(0, self.conditions.jitter_ms)
        once = (self.conditions.latency_ms + jitter_ms) / 1000
        lost = self.conditions.loss and self._random.random() * 100 < self.conditions.loss
        return once + (RESEND_SECONDS + once if lost else 0)

    async def _release_when_due(
        self, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while True:
                due, data = await queue.get()
                await asyncio.sleep(due - time.monotonic())
                await self._flowing.wait()
                if not data:
                    sink.write_eof()
                    return
                await self._drip(data, sink)

    async def _drip(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        while (rate := self.conditions.drip) and data:
            piece = max(1, int(rate * DRIP_SECONDS))
            sink.write(data[:piece])
            data = data[piece:]
            await asyncio.sleep(piece / rate)
        sink.write(data)
        await sink.drain()

    def _report(self, number: int, way: Way, data: bytes) -> None:
        if self._listener is not None:
            self._listener(number, way, data)
