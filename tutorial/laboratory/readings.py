"""Readings: how the readers of an experiment read a room, with a browser's headers, over each transport.

The readers themselves are those of the load tests (loadtests/client/reader_pool.py): book and report measure alike.
"""

from __future__ import annotations

from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, Reading, Tally
from loadtests.table import TRANSPORTS

HOLD_SECONDS = 25
JITTER = 0.1  # of the interval, as the chat's own page has it


def reading(
    port: int,
    transport: str,
    room: str,
    *,
    interval: float = 1.0,
    jitter: float = JITTER,
    delay_ms: float = 0.0,
) -> Reading:
    """Return how to read a room; with `delay_ms`, over the long poll that waits so much longer (see `batching`)."""
    row = TRANSPORTS[transport]
    held = f"wait={HOLD_SECONDS}&" if row.asks is Asks.AGAIN_AT_ONCE else ""
    address = (
        f"batching?{held}delay_ms={delay_ms:g}&" if delay_ms and held else f"{transport}?{held}"
    )
    path = f"/rooms/{room}/{address}cursor="
    return Reading(port, path, row.asks, row.upgrades, interval_seconds=interval, jitter=jitter)


def add_readers(pool: ReaderPool, how: Reading, tally: Tally, count: int) -> None:
    """Let readers come; pollers spread over an interval, and the others at once."""
    apart = how.interval_seconds / count if how.asks is Asks.EVERY_INTERVAL else 0.0
    for number in range(count):
        pool.add(how, tally, number * apart)
