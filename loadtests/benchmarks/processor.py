"""Processor: what one delivery, or one poll, costs a server in processor time."""

from __future__ import annotations

import time
from dataclasses import dataclass

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
WARM_UP_POLLS = 200


class Lost(Exception):
    """Not everything arrived in time."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a server is read, from which cursor on, and where (or in which envelope) messages are posted."""

    read: str
    first: str
    post: str


def reading(server: Server, path: str, asks: Asks, first: str = "now") -> Reading:
    """Return the way to read here: with the fewest bytes, as they are the same for all servers."""
    return Reading(server.port, path, asks, asks is Asks.ONCE, first, browser=False)


def pool_of(way: Reading, readers: int) -> tuple[ReaderPool, Tally]:
    """Return a pool of that many readers who have all come."""
    raise_limits(readers)
    pool, tally = ReaderPool(), Tally()
    for _ in range(readers):
        pool.add(way, tally)
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


def websocket_us(server: Server, paths: Paths, readers: int, messages: int, rate: int) -> float:
    """Return the server's processor time a delivery, in µs, at `rate` messages a second."""
    way = reading(server, paths.read, Asks.ONCE, paths.first)
    pool, tally = pool_of(way, readers)
    author = pool.add(way, tally)
    send(author, paths.post)
    arrive(pool, tally, readers + 1)
    before, began = server.cpu_seconds(), time.monotonic()
    for number in range(messages):
        pool.serve(max(0.0, began + number / rate - time.monotonic()))
        send(author, paths.post)
    expected = (readers + 1) * messages
    arrive(pool, tally, readers + 1 + expected)
    used = server.cpu_seconds() - before
    pool.close()
    return used / expected * 1e6


def held_us(server: Server, paths: Paths, readers: int, messages: int) -> float:
    """Return the server's processor time a long-poll delivery, in µs; a message comes when all hold again."""
    way = reading(server, paths.read, Asks.AGAIN_AT_ONCE, paths.first)
    pool, tally = pool_of(way, readers)
    author = connect(server.port)

    def deliver(number: int) -> None:
        author.sendall(request("POST", paths.post, body=body()))
        arrive(pool, tally, readers * number)
        one_answer(author)

    deliver(1)  # warms up
    before = server.cpu_seconds()
    for number in range(2, messages + 2):
        deliver(number)
    used = server.cpu_seconds() - before
    pool.close()
    author.close()
    return used / (readers * messages) * 1e6


def poll_us(server: Server, path: str, polls: int) -> float:
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
    return used / polls * 1e6
