"""Observer: a few readers without Locust in the same room, for a second opinion on how late messages are.

What Locust adds to a delay – its greenlets share one processor – these don't have: they are bare sockets of this
process, which does nothing else. What differs is Locust's own.
"""

from __future__ import annotations

from types import TracebackType
from urllib.parse import urlsplit

from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Reading, Tally
from loadtests.results.histogram import Histogram
from loadtests.results.plan import Case, Plan
from loadtests.table import TRANSPORTS

READERS = 3
DRAIN_SECONDS = 5.0
LOCAL = ("127.0.0.1", "localhost")


class Elsewhere(Exception):
    """The observer reads servers of this machine alone."""


class Observer:
    """Reads one room as a case's users do; the `with` connects, and `wait` is when it reads. Raises: OSError."""

    def __init__(self, case: Case, plan: Plan, url: str, room: str) -> None:
        row = TRANSPORTS[case.transport]
        self._reading = Reading(
            local_port(url),
            f"/rooms/{room}/{row.name}?cursor=",
            row.asks,
            row.upgrades,
            interval_seconds=plan.poll_interval,
            jitter=0.1,
        )
        self._tally = Tally()

    def __enter__(self) -> Observer:
        self._pool = ReaderPool()
        for number in range(READERS):
            after = self._reading.interval_seconds * number / READERS
            self._pool.add(self._reading, self._tally, after)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._pool.close()

    def wait(self, seconds: float) -> None:
        """Read for so many seconds. Raises: OSError."""
        self._pool.serve(seconds)

    def observed(self, opened_at: float, published: int) -> Histogram:
        """Return the delays of so many messages, all due since a moment (seconds since 1970). Raises: OSError."""
        self._pool.serve_until(
            lambda: sum(due >= opened_at for due in self._tally.due) >= published * READERS,
            DRAIN_SECONDS,
        )
        delays = zip(self._tally.due, self._tally.delays_ms, strict=True)
        return Histogram.of(ms for due, ms in delays if due >= opened_at)


def local_port(url: str) -> int:
    """Return the port of a server of this machine. Raises: Elsewhere."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOCAL:
        raise Elsewhere(f"--observer reads servers of this machine, and {url} is elsewhere")
    return parts.port or 80
