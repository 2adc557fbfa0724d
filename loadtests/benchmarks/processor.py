"""Processor: what one delivery, or one poll, costs a server in processor time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from loadtests.benchmarks.samples import Lost, Sample
from loadtests.client.limits import raise_limits
from loadtests.client.raw_http import connect, masked_frame, one_answer, request
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, PooledReader, Reading, Tally
from loadtests.client.timestamped_text import timestamped
from loadtests.comparison.server import Server

ROOM = "/rooms/bench"
ENVELOPE = '{"type": "send", "author": "bench", "text": "%s"}'
BODY = '{"author": "bench", "text": "%s"}'
CHARACTERS = 102  # of a message
PATIENCE_SECONDS = 60
SETTLE_SECONDS = 0.5
SERVE_SECONDS = 0.001
WARM_UP_POLLS = 200


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a server is read, from which cursor on, and where (or in which envelope) messages are posted."""

    read: str
    first: str
    post: str


class Stopwatch:
    """What a server's work has cost since now: its processor time, ours, and the seconds that have passed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._used = server.cpu_seconds()
        self._own, self._began = time.process_time(), time.monotonic()

    def sample(self, deliveries: int, tally: Tally, **figures: float | None) -> Sample:
        """Return the CPU a delivery, in µs, and what else is known of so many deliveries."""
        passed = time.monotonic() - self._began
        return Sample(
            (self._server.cpu_seconds() - self._used) / max(deliveries, 1) * 1e6,
            deliveries / passed,
            tally.percentile_ms(0.5),
            tally.percentile_ms(0.99),
            load_busy=(time.process_time() - self._own) / passed,
            **figures,
        )


def reading(server: Server, path: str, asks: Asks, first: str = "now") -> Reading:
    """Return the way to read here: with the fewest bytes, as they are the same for all servers."""
    return Reading(server.port, path, asks, asks is Asks.ONCE, first, browser=False)


def pool_of(way: Reading, readers: int) -> tuple[ReaderPool, Tally]:
    """Return a pool of that many readers who have all come."""
    raise_limits(readers)
    pool, tally = ReaderPool(), Tally()
    for number in range(readers):
        pool.add(way, tally)
        if number % 100 == 99:
            pool.serve(SERVE_SECONDS)  # who has come is answered while others come
    pool.serve(SETTLE_SECONDS)
    return pool, tally


def arrive(pool: ReaderPool, tally: Tally, deliveries: int) -> None:
    """Serve until so many deliveries were made. Raises: Lost."""
    if not pool.serve_until(lambda: len(tally.delays_ms) >= deliveries, PATIENCE_SECONDS):
        raise Lost(f"not everything arrived within {PATIENCE_SECONDS} s: something was lost")


def send(author: PooledReader, envelope: str) -> None:
    """Send a message that is due now over an author's WebSocket."""
    author.connection.setblocking(True)
    frame = masked_frame(envelope.replace("%s", timestamped(time.time(), CHARACTERS)))
    author.connection.sendall(frame)
    author.connection.setblocking(False)


def body() -> str:
    """Return a message to post that is due now."""
    return BODY.replace("%s", timestamped(time.time(), CHARACTERS))


def held_us(server: Server, paths: Paths, readers: int, messages: int) -> Sample:
    """Return the server's processor time a long-poll delivery, in µs; a message comes when all hold again."""
    way = reading(server, paths.read, Asks.AGAIN_AT_ONCE, paths.first)
    pool, tally = pool_of(way, readers)
    author = connect(server.port)

    def deliver(number: int) -> None:
        author.sendall(request("POST", paths.post, body=body()))
        arrive(pool, tally, readers * number)
        one_answer(author)

    deliver(1)  # warms up
    tally.clear()
    watch = Stopwatch(server)
    for number in range(1, messages + 1):
        deliver(number)
    sample = watch.sample(readers * messages, tally)
    pool.close()
    author.close()
    return sample


def poll_us(server: Server, path: str, polls: int) -> Sample:
    """Return the server's processor time an empty poll, in µs."""
    connection = connect(server.port)
    ask = request("GET", path)

    def poll(count: int) -> None:
        for _ in range(count):
            connection.sendall(ask)
            one_answer(connection)

    poll(WARM_UP_POLLS)
    before = server.cpu_seconds()
    poll(polls)
    used = server.cpu_seconds() - before
    connection.close()
    return Sample(used / polls * 1e6)
