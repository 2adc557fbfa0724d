"""Crowds: what very many readers, writers, or one that never reads, do to our server."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from loadtests.benchmarks.processor import (
    ENVELOPE,
    PATIENCE_SECONDS,
    ROOM,
    Lost,
    arrive,
    body,
    pool_of,
    reading,
    send,
)
from loadtests.client.limits import raise_limits
from loadtests.client.raw_http import connect, inspect, request, upgrade
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, PooledReader, Tally
from loadtests.comparison.server import Server

WEBSOCKET = f"{ROOM}/websocket?cursor="
LONG_POLLING = f"{ROOM}/long-polling?cursor="
POST = f"{ROOM}/messages"
FIRST_READERS = 50  # what a server does for the first time takes memory that is nobody's
LONG = "y" * 1880
STILL_MS = 20  # a loop that is late by less has nothing to do


def bytes_each(server: Server, upgraded: bool, readers: int) -> float:
    """Return the memory that one idle reader costs the server, in bytes."""
    raise_limits(readers)

    def come() -> socket.socket:
        if upgraded:
            return upgrade(server.port, f"{WEBSOCKET}now")[0]
        connection = connect(server.port)
        connection.sendall(request("GET", f"{LONG_POLLING}now"))
        return connection

    here = [come() for _ in range(FIRST_READERS)]
    inspect(server.port)  # all that came before it has been served
    before = server.rss_bytes()
    here += [come() for _ in range(readers)]
    inspect(server.port)
    grown = server.rss_bytes() - before
    for connection in here:
        connection.close()
    return grown / readers


def reach_all_seconds(server: Server, readers: int) -> float:
    """Return the seconds until one message has reached every WebSocket."""
    way = reading(server, WEBSOCKET, Asks.ONCE)
    pool, tally = pool_of(way, readers)
    send(pool.add(way, tally), ENVELOPE)
    arrive(pool, tally, readers + 1)
    pool.close()
    return max(tally.delays_ms) / 1000


def p95_and_growth(server: Server, messages: int, stalled: int) -> tuple[float, int]:
    """Return the p95 of ten readers' deliveries, in ms, and by how many bytes the server grew.

    Beside them are `stalled` readers that never read.
    """
    way = reading(server, WEBSOCKET, Asks.ONCE)
    pool, tally = pool_of(way, 10)
    sleepers = [upgrade(server.port, f"{WEBSOCKET}now")[0] for _ in range(stalled)]
    author = PooledReader(upgrade(server.port, f"{WEBSOCKET}now")[0], way, Tally(), "")
    before = server.rss_bytes()
    for number in range(messages):
        send(author, ENVELOPE.replace("%s", f"%s{LONG}"))
        with suppress(BlockingIOError):
            while author.connection.recv(1 << 18):
                pass
        arrive(pool, tally, 10 * (number + 1))
    grown = server.rss_bytes() - before
    for connection in (*sleepers, author.connection):
        connection.close()
    pool.close()
    return tally.percentile_ms(0.95), grown


class Writers(ReaderPool):
    """Writers that each post again as soon as their last post was acknowledged."""

    acknowledged = 0

    def answered(self, reader: PooledReader, answer: bytes) -> None:
        """Post again."""
        self.acknowledged += 1
        self.send(reader, request("POST", POST, body=body()))

    def reach(self, posts: int) -> None:
        """Serve until so many posts are acknowledged. Raises: Lost."""
        if not self.serve_until(lambda: self.acknowledged >= posts, PATIENCE_SECONDS):
            raise Lost(f"not every post was acknowledged within {PATIENCE_SECONDS} s")


def posts_a_second(server: Server, posts: int, writers: int) -> float:
    """Return how many posts a second are acknowledged to writers that each wait for their ack."""
    pool = Writers()
    for _ in range(writers):
        way = reading(server, f"{ROOM}/short-polling?cursor=", Asks.AGAIN_AT_ONCE)
        pool.add(way, Tally())
    pool.reach(posts // 10)
    first, began = pool.acknowledged, time.perf_counter()
    pool.reach(first + posts)
    took = time.perf_counter() - began
    pool.close()
    return (pool.acknowledged - first) / took


def release_stall_ms(server: Server, readers: int) -> float:
    """Return the longest stall of the loop, in ms, while one message releases held polls that ask again."""
    pool, tally = pool_of(reading(server, LONG_POLLING, Asks.AGAIN_AT_ONCE), readers)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (said := inspect(server.port))["held"] < readers or said["loop_lag_ms"] > STILL_MS:
        pool.serve(0.1)
        if time.monotonic() > deadline:
            raise Lost(f"only {said['held']:.0f} of {readers} polls are held")
    with connect(server.port) as author:
        author.sendall(request("POST", POST, body=body()))
        arrive(pool, tally, readers)
    stall: float = inspect(server.port)["loop_lag_ms"]
    pool.close()
    return stall
