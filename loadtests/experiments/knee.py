"""Knee: ever more readers over one transport, until something gives out; and what was used up by then.

`python -m loadtests.experiments.knee '{"transport": "long-polling", "rate": "50"}'` starts a fresh server, doubles its
readers step by step, and writes one JSON object a line. The readers are a pool of bare sockets and not Locust, so that
the server has a chance to be the first to give out; whether it was, the last line says.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil

from loadtests.client.author import Author
from loadtests.client.inspection import Inspector, Snapshot
from loadtests.client.limits import raise_limits
from loadtests.client.processor_time import busy_seconds
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, Reading, Tally
from loadtests.client.schedule import exactly
from loadtests.comparison.server import fresh_server
from loadtests.table import TRANSPORTS

CHOICES = {"transport": tuple(TRANSPORTS), "rate": ("10", "50")}
STEPS = (10, 20, 40, 80, 160, 320, 640, 1280, 2560)
STEP_SECONDS = 2.0
SETTLE_SECONDS = 0.3
DRAIN_SECONDS = 3.0
INTERVAL_SECONDS = 1.0
JITTER = 0.5
BUSY_SHARE = 0.9  # of a core
OTHERS_CORES = 0.5  # of other programs: with them, what is late may not be ours
LATE_FACTOR, LATE_MS = 3.0, 50.0  # a p95 beyond both has left what the first step was used to
SEED = 10
ROOM = "knee"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What so many readers took: of time (ms), of the server's machine, and of the tester's own core."""

    readers: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    missing: int
    loop_lag_ms: float
    rss_mib: float
    descriptors: int
    cpu: float
    tester_cpu: float
    others: float


@dataclass(frozen=True, slots=True)
class Moment:
    """What had been used up by one moment: of the server, of this process and of the machine, in seconds."""

    server: Snapshot
    own: float
    machine: float
    at: float


@dataclass
class KneeSearch:
    """Takes one step after the other, and knows when to stop."""

    url: str
    transport: str
    rate: float
    steps: list[StepResult] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        row, port = TRANSPORTS[self.transport], int(self.url.rpartition(":")[2])
        path = f"/rooms/{ROOM}/{row.name}?cursor="
        self._reading = Reading(
            port,
            path,
            row.asks,
            row.upgrades,
            interval_seconds=INTERVAL_SECONDS,
            jitter=JITTER,
        )
        self._pool = ReaderPool(SEED)
        self._inspector = Inspector(self.url)
        self._readers = 0

    def step(self, readers: int, seconds: float = STEP_SECONDS) -> StepResult:
        """Grow to so many readers, and return what their deliveries took of time and of the machine."""
        self._grow_to(readers)
        self.tally.clear()
        before = self._moment()
        with Author(self._reading.port, ROOM) as author:
            offsets = exactly(SEED + len(self.steps), self.rate, seconds)
            posted = author.publish(offsets, self._pool.serve)
            expected = readers * posted
            self._pool.serve_until(lambda: len(self.tally.delays_ms) >= expected, DRAIN_SECONDS)
        self.steps.append(self._between(before, self._moment(), readers, expected))
        return self.steps[-1]

    def _grow_to(self, readers: int) -> None:
        raise_limits(readers)
        for _ in range(self._readers, readers):
            self._pool.add(self._reading, self.tally)
        self._readers = readers
        polled = self._reading.asks is Asks.EVERY_INTERVAL  # all begin in step: let them come out
        self._pool.serve(SETTLE_SECONDS + INTERVAL_SECONDS * polled)

    def _moment(self) -> Moment:
        snapshot = self._inspector.inspect()
        return Moment(snapshot, time.process_time(), busy_seconds(), time.perf_counter())

    def _between(self, first: Moment, last: Moment, readers: int, expected: int) -> StepResult:
        seconds = last.at - first.at
        server = last.server.numbers
        cpu = (server["cpu_seconds"] - first.server.numbers["cpu_seconds"]) / seconds
        tester = (last.own - first.own) / seconds
        others = (last.machine - first.machine) / seconds - cpu - tester
        p50, p95, p99 = (round(self.tally.percentile_ms(share), 2) for share in (0.5, 0.95, 0.99))
        return StepResult(
            readers,
            p50,
            p95,
            p99,
            missing=expected - len(self.tally.delays_ms),
            loop_lag_ms=server["loop_lag_ms"],
            rss_mib=round(server["rss_bytes"] / 2**20, 1),
            descriptors=psutil.Process(server["pid"]).num_fds(),
            cpu=round(cpu, 4),
            tester_cpu=round(tester, 4),
            others=round(max(0.0, others), 2),
        )

    @property
    def broken(self) -> str | None:
        """What gave out in the last step; None when nothing did.

        `tester` and `processor` used up a core; `late` came although neither did; `others` had the processors.
        """
        first, last = self.steps[0], self.steps[-1]
        if max(last.tester_cpu, last.cpu) >= BUSY_SHARE:
            return "tester" if last.tester_cpu > last.cpu else "processor"
        late = last.p95_ms > LATE_FACTOR * first.p95_ms + LATE_MS
        if not late and not last.missing:
            return None
        return "others" if last.others > OTHERS_CORES else "late"

    @property
    def knee(self) -> float:
        """How many readers take a whole core of the server, if each more takes what the last sound steps' took.

        What the server does for nobody in particular – takes messages in, is inspected – is no reader's.
        """
        sound = self.steps[:-1] if self.broken and len(self.steps) > 1 else self.steps
        first, last = sound[0], sound[-1]
        each = last.cpu / last.readers
        if len(sound) > 1 and (more := last.cpu - first.cpu) > 0:
            each = more / (last.readers - first.readers)
        return float(round(last.readers + (1 - last.cpu) / each))

    def close(self) -> None:
        """Hang up for all readers."""
        self._pool.close()
        self._inspector.close()


def climb(url: str, transport: str, rate: float) -> Iterator[dict[str, Any]]:
    """Yield each step until something gives out, then what did."""
    ramp = KneeSearch(url, transport, rate)
    for readers in STEPS:
        yield asdict(ramp.step(readers))
        if why := ramp.broken:
            break
    yield {"end": True, "why": why or "nothing", "readers": readers, "knee": ramp.knee}
    ramp.close()


def main(given: str) -> None:
    """Climb on a fresh server, and print each step."""
    asked = json.loads(given)
    raise_limits(STEPS[-1])  # the server inherits it
    with fresh_server() as server:
        for said in climb(server.url, asked["transport"], float(asked["rate"])):
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
