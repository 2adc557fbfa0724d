"""Waiting cost: what readers that only wait cost, over each transport: memory, requests, bytes – and their delay.

`python -m tutorial.laboratory.waiting_cost '{"seconds": "60", "readers": "200"}'` lets as many readers wait over each
transport, each on a fresh server of its own, in a room where one message is posted. It reports, one JSON object a
second, what one reader has cost so far. Of a server it sees answers and `/inspect` alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from loadtests.client.author import Author
from loadtests.client.limits import raise_limits
from loadtests.client.raw_http import inspect
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Tally
from loadtests.comparison.server import fresh_server
from loadtests.table import TRANSPORTS
from tutorial.laboratory.readings import add_readers, reading

READERS = 200  # a transport
FIRST_READERS = 20  # what a server does for the first time takes memory that belongs to no reader
SETTLE_SECONDS = 3.0  # pollers come within their interval
ROOM = "waiting"
CHOICES = {"seconds": ("60", "8"), "readers": (str(READERS), "20")}


@dataclass(slots=True)
class Waiting:
    """Readers that wait on one server. `kib` is what each of them weighs in the server's memory."""

    port: int
    tally: Tally
    readers: int
    kib: float
    requests: int = 0
    wire_bytes: int = 0

    @classmethod
    def begin(cls, pool: ReaderPool, transport: str, port: int, readers: int = READERS) -> Waiting:
        """Let the readers come, and weigh them once they are settled."""
        how = reading(port, transport, ROOM)
        first = ReaderPool()
        add_readers(first, how, Tally(), min(FIRST_READERS, readers))
        first.serve(SETTLE_SECONDS)
        first.close()
        before, tally = inspect(port)["rss_bytes"], Tally()
        add_readers(pool, how, tally, readers)
        pool.serve(SETTLE_SECONDS)
        grown = inspect(port)["rss_bytes"] - before
        return cls(port, tally, readers, kib=grown / 1024 / readers)

    def count_from_now(self) -> None:
        """Begin to count: what it took to come doesn't belong to the waiting."""
        self.requests, self.wire_bytes = self.tally.requests, self.tally.wire_bytes

    def post(self) -> None:
        """Post one message in the room where all of them wait."""
        with Author(self.port, ROOM) as author:
            author.post(time.time())

    def row(self) -> dict[str, float | None]:
        """Return what one reader has cost since then; the delay is the median, None before the message."""
        delays = self.tally.delays_ms
        return {
            "requests": (self.tally.requests - self.requests) / self.readers,
            "bytes": (self.tally.wire_bytes - self.wire_bytes) / self.readers,
            "kib": self.kib,
            "received": len(delays),
            "delay_ms": median(delays) if delays else None,
        }


def wait(seconds: int, readers: int = READERS) -> Iterator[dict[str, Any]]:
    """Yield, each second, what one reader has cost over each transport so far.

    Half-way a message is posted, in one room after the other: the readers share a process, and would delay each other.
    """
    raise_limits(len(TRANSPORTS) * readers)
    pool = ReaderPool()
    with ExitStack() as servers:
        servers.callback(pool.close)
        waiting = {}
        for transport in TRANSPORTS:
            port = servers.enter_context(fresh_server()).port
            waiting[transport] = Waiting.begin(pool, transport, port, readers)
        for one in waiting.values():
            one.count_from_now()
        for second in range(seconds):
            turn = second - seconds // 2
            if 0 <= turn < len(waiting):
                waiting[list(waiting)[turn]].post()
            pool.serve(1.0)
            yield {
                "seconds": second + 1,
                "rows": {name: one.row() for name, one in waiting.items()},
            }


if __name__ == "__main__":
    asked = {name: int(value) for name, value in json.loads(sys.argv[1]).items()}
    for line in wait(**asked):
        print(json.dumps(line), flush=True)
    print(json.dumps({"end": True, "readers": asked["readers"]}), flush=True)
