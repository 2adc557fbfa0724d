"""The reader pool: many bare readers in one thread get every message once, over every transport, and count exactly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtests.client.author import Author
from loadtests.client.raw_http import inspect
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, PooledReader, Reading, Tally
from loadtests.client.schedule import exactly
from loadtests.comparison.server import Server, fresh_server
from loadtests.table import TRANSPORTS

READERS, MESSAGES = 7, 20
PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server(CHAT_PUBLISH_KEY="key") as started:
        yield started


def way(server: Server, transport: str, room: str) -> Reading:
    row = TRANSPORTS[transport]
    path = f"/rooms/{room}/{row.name}?cursor="
    return Reading(server.port, path, row.asks, row.upgrades, interval_seconds=0.1, jitter=0.2)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("publish_key", ["", "key"])
def test_every_reader_gets_every_message_once(
    server: Server, transport: str, publish_key: str
) -> None:
    pool, tally = ReaderPool(seed=1), Tally()
    room = f"{transport}-{publish_key}"
    readers = [pool.add(way(server, transport, room), tally) for _ in range(READERS)]
    pool.serve_until(lambda: tally.wire_bytes > 0 and all(map(settled, readers)), 2.0)
    with Author(server.port, room, publish_key) as author:
        assert author.publish(exactly(1, MESSAGES / 0.5, 0.5), pool.serve) == MESSAGES
    assert pool.serve_until(lambda: len(tally.due) >= READERS * MESSAGES, PATIENCE_SECONDS)
    pool.serve(0.2)
    pool.close()
    assert {tally.due.count(due) for due in tally.due} == {READERS}
    assert len(set(tally.due)) == MESSAGES
    assert all(ms > 0 for ms in tally.delays_ms)
    assert tally.percentile_ms(0.5) <= tally.percentile_ms(1.0)


def settled(reader: PooledReader) -> bool:
    """Whether a reader knows where now is: a poll by its cursor, a stream by its first batch."""
    return reader.cursor != "now" if reader.reading.asks is not Asks.ONCE else bool(reader.rest)


def test_requests_and_their_bytes_are_those_that_the_server_counts(server: Server) -> None:
    asked: list[PooledReader] = []
    pool, tally = ReaderPool(on_ask=asked.append), Tally()
    before = inspect(server.port)
    pool.add(way(server, "short-polling", "counted"), tally)
    pool.serve_until(lambda: len(asked) == 5, PATIENCE_SECONDS)
    pool.serve(0.05)
    pool.close()
    after = inspect(server.port)
    counted = after["requests"]["short-polling"] - before["requests"].get("short-polling", 0)
    assert counted == tally.requests == len(asked)
    spoken = sum(after[name] - before[name] for name in ("bytes_received", "bytes_sent"))
    assert 0 < spoken - tally.wire_bytes < 3000  # the inspections themselves


def test_a_reader_that_is_refused_ends_the_reading(server: Server) -> None:
    pool = ReaderPool()
    path = "/rooms/NO_ROOM/short-polling?cursor="
    pool.add(Reading(server.port, path, Asks.AGAIN_AT_ONCE), Tally())
    with pytest.raises(OSError, match=r"HTTP/1\.1 404"):
        pool.serve(PATIENCE_SECONDS)
    pool.close()
    with pytest.raises(OSError, match="the handshake was refused"):
        pool.add(Reading(server.port, path, Asks.ONCE, upgrades=True), Tally())
