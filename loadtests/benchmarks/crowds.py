"""Crowds: what very many readers, rooms or writers, or a reader that never reads, do to a server."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from loadtests.benchmarks.processor import (
    ENVELOPE,
    PATIENCE_SECONDS,
    ROOM,
    SERVE_SECONDS,
    SETTLE_SECONDS,
    Stopwatch,
    arrive,
    body,
    pool_of,
    reading,
    send,
)
from loadtests.benchmarks.samples import Lost, Sample
from loadtests.client.limits import raise_limits
from loadtests.client.raw_http import connect, inspect, request, upgrade
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, PooledReader, Tally
from loadtests.comparison.server import Server

WEBSOCKET = f"{ROOM}/websocket?cursor="
LONG_POLLING = f"{ROOM}/long-polling?cursor="
POST = f"{ROOM}/messages"
READERS_A_ROOM = 5
FIRST_READERS = 50  # what a server does for the first time takes memory that is nobody's
LONG = "y" * 1880
STILL_MS = 20  # a loop that is late by less has nothing to do


def kib_each(server: Server, path: str, upgraded: bool, readers: int) -> Sample:
    """Measure the memory that one idle reader costs the server, in KiB."""
    raise_limits(readers)

    def come() -> socket.socket:
        if upgraded:
            return upgrade(server.port, path)[0]
        connection = connect(server.port)
        connection.sendall(request("GET", path))
        return connection

    here = [come() for _ in range(FIRST_READERS)]
    _settle(server, upgraded, FIRST_READERS)
    before = server.rss_bytes()
    here += [come() for _ in range(readers)]
    _settle(server, upgraded, FIRST_READERS + readers)
    grown = server.rss_bytes() - before
    for connection in here:
        connection.close()
    return Sample(grown / readers / 1024)


def _settle(server: Server, upgraded: bool, readers: int) -> None:
    """Wait until all are there. A WebSocket’s handshake is its own proof; of the others our server reports how many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not upgraded and time.monotonic() < deadline:
        said = inspect(server.port)
        if said["held"] + said["event_streams"] >= readers:
            break
        time.sleep(SETTLE_SECONDS)
    time.sleep(SETTLE_SECONDS)


def reach_all_seconds(server: Server, path: str, envelope: str, readers: int) -> Sample:
    """Measure the seconds until one message has reached every WebSocket."""
    way = reading(server, path, Asks.ONCE, "")
    pool, tally = pool_of(way, readers)
    author = pool.add(way, tally)
    began, own = time.monotonic(), time.process_time()
    send(author, envelope)
    arrive(pool, tally, readers + 1)
    busy = (time.process_time() - own) / (time.monotonic() - began)
    pool.close()
    return Sample(max(tally.delays_ms) / 1000, p50_ms=tally.percentile_ms(0.5), load_busy=busy)


def rooms_us(server: Server, path: str, envelope: str, rooms: int, seconds: int) -> Sample:
    """Measure the server's CPU a delivery, in µs: so many rooms of 5 readers, each with 1 message a second."""
    raise_limits(rooms * READERS_A_ROOM)
    pool, tally = ReaderPool(), Tally()
    authors = []
    for number in range(rooms):
        way = reading(server, path.replace("%d", str(number)), Asks.ONCE, "")
        authors.append(pool.add(way, tally))
        for _ in range(READERS_A_ROOM - 1):
            pool.add(way, tally)
        if number % 20 == 0:
            pool.serve(SERVE_SECONDS)
    pool.serve(SETTLE_SECONDS)
    watch, began = Stopwatch(server), time.monotonic()
    for number in range(rooms * seconds):
        pool.serve(began + number / rooms - time.monotonic())
        send(authors[number % rooms], envelope)
    deliveries = rooms * seconds * READERS_A_ROOM
    arrive(pool, tally, deliveries)
    sample = watch.sample(deliveries, tally)
    pool.close()
    return sample


def growth_mib(server: Server, messages: int, stalled: int) -> Sample:
    """Measure by how many MiB a server grows with ten readers, and `stalled` ones that never read."""
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
    return Sample(grown / 2**20, p50_ms=tally.percentile_ms(0.5), p99_ms=tally.percentile_ms(0.99))


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


def posts_a_second(server: Server, posts: int, writers: int) -> Sample:
    """Measure how many posts a second are acknowledged to writers that each wait for their ack."""
    pool = Writers()
    for _ in range(writers):
        way = reading(server, f"{ROOM}/short-polling?cursor=", Asks.AGAIN_AT_ONCE)
        pool.add(way, Tally())
    pool.reach(posts // 10)
    first, began = pool.acknowledged, time.perf_counter()
    pool.reach(first + posts)
    took = time.perf_counter() - began
    pool.close()
    return Sample((pool.acknowledged - first) / took)


def release_stall_ms(server: Server, readers: int) -> Sample:
    """Measure the longest stall of the loop, in ms, while one message releases held polls that ask again."""
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
    return Sample(stall, p99_ms=tally.percentile_ms(0.99))
