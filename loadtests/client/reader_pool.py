"""PooledReader pool: many readers in one thread, as cheap as Python can have them, for everything here that measures.

Real clients would cost more than the server that is measured. These send ready bytes, look for marks and decode
nothing: a message that is to be timed carries the moment when it was due (see timestamped_text.py).

    pool, polling, pushed = ReaderPool(), Tally(), Tally()
    for _ in range(100):
        pool.add(Reading(port, "/rooms/lobby/short-polling?cursor=", Asks.EVERY_INTERVAL), polling)
        pool.add(Reading(port, "/rooms/lobby/websocket?cursor=", Asks.ONCE), pushed)
    with Author(port, "lobby") as author:
        author.publish(exactly(seed=1, rate=5, seconds=10), pool.serve)
    pool.serve_until(lambda: len(pushed.delays_ms) == 50 * 100, seconds=5)
    pool.close()

Nothing happens but within `serve` and `serve_until`. Both raise OSError as soon as one reader can't go on.
"""

from __future__ import annotations

import heapq
import itertools
import random
import re
import selectors
import time
from collections.abc import Callable

from loadtests.client.raw_http import (
    PING,
    PONG,
    RefusedHere,
    answer_size,
    connect,
    status_line,
    upgrade,
)
from loadtests.client.reading import Asks, PooledReader, Reading, Tally
from loadtests.client.timestamped_text import DUE, DUE_BYTES

CURSOR = re.compile(rb'"cursor": ?"?([0-9a-f:~]+)')
MORE = re.compile(rb'"more": ?true')
TURN_SECONDS = 0.05  # after so long a condition is looked at again, whatever came


class ReaderPool:
    """Readers that are served in turn. `on_ask` is called with each reader whose request leaves."""

    def __init__(self, seed: int = 0, on_ask: Callable[[PooledReader], None] | None = None) -> None:
        self._selector = selectors.DefaultSelector()
        self._random = random.Random(seed)
        self._on_ask = on_ask
        self._asking: list[tuple[float, int, PooledReader]] = []
        self._turns = itertools.count()

    def add(self, reading: Reading, tally: Tally, after_seconds: float = 0.0) -> PooledReader:
        """Connect one more reader, which begins to read after some seconds. Raises: OSError."""
        if reading.upgrades:
            path = reading.path + reading.first
            connection, handshake_bytes = upgrade(reading.port, path, reading.browser)
            tally.requests += 1
            tally.wire_bytes += handshake_bytes
        else:
            connection = connect(reading.port)
        connection.setblocking(False)
        reader = PooledReader(connection, reading, tally, reading.first)
        reader.due = time.monotonic() + after_seconds
        self._selector.register(connection, selectors.EVENT_READ, reader)
        if not reading.upgrades:
            self._ask_later(reader)
        return reader

    def serve(self, seconds: float) -> None:
        """Read, and ask when it is time to, for so many seconds. Raises: OSError."""
        self.serve_until(lambda: False, seconds)

    def serve_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Serve until it is done, for at most so many seconds; return whether it is. Raises: OSError."""
        deadline = time.monotonic() + seconds
        while not (is_done := done()) and (left := deadline - time.monotonic()) > 0:
            self._receive(min(left, TURN_SECONDS, self._ask_due()))
        return is_done

    def close(self) -> None:
        """Hang up for all of them."""
        for key in list(self._selector.get_map().values()):
            key.data.connection.close()
        self._selector.close()

    def answered(self, reader: PooledReader, answer: bytes) -> None:
        """Take a poll's answer, and decide when to ask again."""
        reader.cursor = CURSOR.findall(answer)[-1].decode()
        reading = reader.reading
        if reading.asks is Asks.AGAIN_AT_ONCE or MORE.search(answer):
            self._ask(reader)
        elif reading.asks is Asks.EVERY_INTERVAL:
            spread = reading.interval_seconds * reading.jitter
            reader.due += reading.interval_seconds + self._random.uniform(-spread, spread)
            self._ask_later(reader)

    def send(self, reader: PooledReader, data: bytes) -> None:
        """Send a request for a reader, and count it. Raises: OSError."""
        reader.tally.requests += 1
        reader.tally.wire_bytes += len(data)
        reader.connection.sendall(data)

    def _ask(self, reader: PooledReader) -> None:
        if self._on_ask is not None:
            self._on_ask(reader)
        self.send(reader, reader.reading.request(reader.cursor))

    def _ask_later(self, reader: PooledReader) -> None:
        heapq.heappush(self._asking, (reader.due, next(self._turns), reader))

    def _ask_due(self) -> float:
        """Ask for all whose time has come, and return the seconds until the next one's."""
        while self._asking and self._asking[0][0] <= time.monotonic():
            self._ask(heapq.heappop(self._asking)[2])
        return max(0.0, self._asking[0][0] - time.monotonic()) if self._asking else TURN_SECONDS

    def _receive(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            reader: PooledReader = key.data
            data = reader.connection.recv(1 << 18)
            if not data:
                raise ConnectionResetError("the server closed a reader’s connection")
            reader.tally.wire_bytes += len(data)
            if reader.reading.asks is Asks.ONCE:
                self._pushed(reader, reader.rest + data)
            else:
                self._polled(reader, reader.rest + data)

    def _pushed(self, reader: PooledReader, received: bytes) -> None:
        now, end = time.time(), 0
        for due in DUE.finditer(received):
            end = due.end()
            reader.tally.deliver(float(due[1]), now)
        if PING in received:
            reader.connection.sendall(PONG)
            received = received.replace(PING, b"")
        reader.rest = received[max(end, len(received) - DUE_BYTES) :]

    def _polled(self, reader: PooledReader, received: bytes) -> None:
        now = time.time()
        while size := answer_size(received):
            answer, received = received[:size], received[size:]
            if answer[9:10] != b"2":
                raise RefusedHere(f"the server answered {status_line(answer)}")
            for due in DUE.finditer(answer):
                reader.tally.deliver(float(due[1]), now)
            self.answered(reader, answer)
        reader.rest = received
