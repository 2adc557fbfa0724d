"""Reader runs: experiments that need more readers than a browser has connections, in a process of their own.

`python -m tutorial.laboratory.reader_runs '{"run": "herd", …}'` reads the chat over real sockets and reports what it
measures, one JSON object a line. It is a client like any other: of the server it sees answers and `/inspect` alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from loadtests.client.author import Author
from loadtests.client.raw_http import inspect
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import PooledReader, Tally
from loadtests.client.schedule import exactly
from loadtests.table import TRANSPORTS
from tutorial.laboratory.readings import add_readers, reading

SETTLE_SECONDS = 0.6  # before a measurement: all are connected, and what connecting cost is past


def report(**values: object) -> None:
    """Write one line for the program that started this one."""
    print(json.dumps(values), flush=True)


def herd(asked: dict[str, Any]) -> None:
    """Start pollers in the same instant, and report when each poll leaves: in step, or not."""
    numbers: dict[PooledReader, int] = {}
    tally, began = Tally(), time.monotonic()

    def on_ask(reader: PooledReader) -> None:
        report(poller=numbers[reader], at=round(time.monotonic() - began, 4))

    pool = ReaderPool(int(asked["seed"]), on_ask)
    how = reading(
        asked["port"],
        "short-polling",
        asked["room"],
        interval=asked["interval"],
        jitter=asked["jitter"],
    )
    numbers |= {pool.add(how, tally): number for number in range(asked["pollers"])}
    began = time.monotonic()
    for reader in numbers:
        reader.due = began  # connecting has taken a moment each
    pool.serve(asked["seconds"])
    pool.close()
    report(done=True, requests=tally.requests)


def rates(asked: dict[str, Any]) -> None:
    """Read the same messages over each transport in turn, at each rate, and report what each cost."""
    for rate in asked["rates"]:
        for transport in asked["transports"]:
            key = os.environ["CHAT_PUBLISH_KEY"]  # the page's server limits what others post
            report(**measure(transport, rate, asked, key))
    report(done=True)


def measure(
    transport: str, rate: float, asked: dict[str, Any], publish_key: str = ""
) -> dict[str, Any]:
    """Measure one transport at one rate: what the server counts while messages come, and each one's delay."""
    port, interval, seconds = asked["port"], asked["interval"], asked["seconds"]
    room = f"{asked['room']}-{transport}"
    how = reading(port, transport, room, interval=interval, delay_ms=asked["delay_ms"])
    pool, tally = ReaderPool(int(asked["seed"])), Tally()
    add_readers(pool, how, tally, asked["readers"])
    pool.serve(SETTLE_SECONDS + (interval if transport == "short-polling" else 0))
    before = Spent.until_now(port, tally)
    with Author(port, room, publish_key) as author:
        end = time.monotonic() + seconds
        posted = author.publish(exactly(int(asked["seed"]), rate, seconds), pool.serve)
        pool.serve(max(0.0, end - time.monotonic()))
        after = Spent.until_now(port, tally)
        expected = posted * asked["readers"]
        pool.serve_until(lambda: len(tally.delays_ms) >= expected, 2 * interval + SETTLE_SECONDS)
    pool.close()
    delays = [round(delay, 2) for delay in tally.delays_ms]
    measured = {"transport": transport, "rate": rate, "posted": posted, "delays_ms": delays}
    return measured | after.since(before)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent up to a moment: by the server's count, and as its readers saw it."""

    server: dict[str, Any]
    requests: int
    wire_bytes: int

    @classmethod
    def until_now(cls, port: int, tally: Tally) -> Spent:
        """Return what was spent up to now."""
        return cls(inspect(port), tally.requests, tally.wire_bytes)

    def since(self, before: Spent) -> dict[str, object]:
        """Return what was spent a second since then; an open stream makes none, it was there before."""
        took = self.server["uptime_seconds"] - before.server["uptime_seconds"]
        counted, counted_before = self.server["requests"], before.server["requests"]
        names = (*TRANSPORTS, "batching")
        asked = sum(counted.get(name, 0) - counted_before.get(name, 0) for name in names)
        cpu = self.server["cpu_seconds"] - before.server["cpu_seconds"]
        return {
            "requests_per_second": asked / took,
            "requests_asked_per_second": (self.requests - before.requests) / took,
            "bytes_per_second": (self.wire_bytes - before.wire_bytes) / took,
            "cpu_percent": 100 * cpu / took,
        }


RUNS = {"herd": herd, "rates": rates}

if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    RUNS[asked["run"]](asked)
