"""Knee: ever more readers over one transport, until something gives out; and what was used up by then.

`python -m loadtests.experiments.knee '{"transport": "long-polling", "rate": "50"}'` starts a fresh server, doubles its
readers step by step, and writes one JSON object a line. The readers are one thread's bare sockets (see reader_pool.py),
not Locust, so that the server has a chance to be the first to give out; whether it was, the last line says.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil

from loadtests.benchmarks.measures import allow_descriptors
from loadtests.client.inspection import Looks
from loadtests.client.reader_pool import CURSOR, PADDING, Crowd, Reader, connect, request, upgrade
from loadtests.comparison.server import FreshServer

TRANSPORTS = ("short-polling", "long-polling", "websocket")
RATES = ("10", "50")
STEPS = (10, 20, 40, 80, 160, 320, 640, 1280, 2560)
STEP_SECONDS = 2.0
SETTLE_SECONDS = 0.3
DRAIN_SECONDS = 3.0
INTERVAL_SECONDS = 1.0
BUSY_SHARE = 0.9  # of a core
OTHERS_CORES = 0.5  # of other programs: with them, what is late may not be ours
LATE_FACTOR, LATE_MS = 3.0, 50.0  # a p95 beyond both has left what the first step was used to
SEED = 10


class Readers:
    """A growing crowd over one transport, and the author whom it reads."""

    def __init__(self, url: str, transport: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._path = f"/rooms/knee/{transport}?cursor="
        self._transport = transport
        self.crowd = Crowd(None if transport == "websocket" else self._answered)
        self._author = connect(self._port)
        self._author.setblocking(False)
        self._asking: list[tuple[float, int, Reader, str]] = []
        self._turn = itertools.count()
        self._chance = random.Random(SEED)
        self.count = 0

    def grow_to(self, count: int) -> None:
        """Let more come, until there are `count`."""
        allow_descriptors(count)
        while self.count < count:
            self.count += 1
            if self._transport == "websocket":
                self.crowd.add(upgrade(self._port, f"{self._path}now"))
            else:
                self._ask(self.crowd.add(connect(self._port)), "now")

    def publish(self, seconds: float, rate: float) -> int:
        """Say something at random moments, `rate` times a second; give how often. An open loop."""
        until, due, said = time.perf_counter() + seconds, time.perf_counter(), 0
        while (due := due + self._chance.expovariate(rate)) < until:
            self.serve(due)
            body = json.dumps({"author": "knee", "text": f"@{int(due * 1e9)}@{PADDING}"})
            self._author.sendall(request("POST", "/rooms/knee/messages", body))
            said += 1
        self.serve(until)
        return said

    def serve(self, until: float) -> None:
        """Read, and ask when it is time to, until that moment."""
        while (left := until - time.perf_counter()) > 0:
            self.crowd.serve(max(0.0, min(left, 0.005)))
            while self._asking and self._asking[0][0] <= time.perf_counter():
                _, _, reader, cursor = heapq.heappop(self._asking)
                self._ask(reader, cursor)
            self._read_away()

    def close(self) -> None:
        """Let all readers and the author go."""
        self.crowd.close()
        self._author.close()

    def _answered(self, reader: Reader, answer: bytes) -> None:
        cursor = CURSOR.findall(answer)[-1].decode()
        if self._transport == "long-polling":
            self._ask(reader, cursor)
            return
        pause = INTERVAL_SECONDS * self._chance.uniform(0.5, 1.5)
        at = time.perf_counter() + pause
        heapq.heappush(self._asking, (at, next(self._turn), reader, cursor))

    def _ask(self, reader: Reader, cursor: str) -> None:
        reader.connection.sendall(request("GET", self._path + cursor))

    def _read_away(self) -> None:
        try:
            while self._author.recv(1 << 16):
                pass
        except BlockingIOError:
            return


@dataclass
class Ramp:
    """Takes one step after the other, and knows when to stop."""

    url: str
    transport: str
    rate: float
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._readers = Readers(self.url, self.transport)
        self._looks = Looks(self.url)

    def step(self, readers: int, seconds: float = STEP_SECONDS) -> dict[str, Any]:
        """Grow to so many readers, and give what their deliveries took of time and of the machine."""
        crowd = self._readers.crowd
        self._readers.grow_to(readers)
        polled = self.transport == "short-polling"  # the first interval is of another length
        self._readers.serve(time.perf_counter() + SETTLE_SECONDS + INTERVAL_SECONDS * polled)
        crowd.delays.clear()
        first, own, machine = self._looks.look().numbers, time.process_time(), busy_seconds()
        began = time.perf_counter()
        said = self._readers.publish(seconds, self.rate)
        self._wait_for(readers * said)
        last = self._looks.look().numbers
        took = time.perf_counter() - began
        cpu = (last["cpu_seconds"] - first["cpu_seconds"]) / took
        tester = (time.process_time() - own) / took
        self.steps.append(
            {
                "readers": readers,
                **{f"p{p}_ms": round(crowd.percentile_ms(p / 100), 2) for p in (50, 95, 99)},
                "missing": readers * said - len(crowd.delays),
                "loop_lag_ms": last["loop_lag_ms"],
                "rss_mib": round(last["rss_bytes"] / 2**20, 1),
                "descriptors": psutil.Process(last["pid"]).num_fds(),
                "cpu": round(cpu, 4),
                "tester_cpu": round(tester, 4),
                "others": round(max(0.0, (busy_seconds() - machine) / took - cpu - tester), 2),
            }
        )
        return self.steps[-1]

    def _wait_for(self, deliveries: int) -> None:
        deadline = time.perf_counter() + DRAIN_SECONDS
        while len(self._readers.crowd.delays) < deliveries and time.perf_counter() < deadline:
            self._readers.serve(time.perf_counter() + 0.02)

    @property
    def broken(self) -> str | None:
        """Say what gave out in the last step; None when nothing did.

        `tester` and `processor` used up a core; `late` came although neither did; `others` had the processors.
        """
        first, last = self.steps[0], self.steps[-1]
        if max(last["tester_cpu"], last["cpu"]) >= BUSY_SHARE:
            return "tester" if last["tester_cpu"] > last["cpu"] else "processor"
        late = last["p95_ms"] > LATE_FACTOR * first["p95_ms"] + LATE_MS
        if not late and not last["missing"]:
            return None
        return "others" if last["others"] > OTHERS_CORES else "late"

    @property
    def knee(self) -> float:
        """How many readers take a whole core of the server, if each more takes what the last sound steps' took.

        What the server does for nobody in particular – takes messages in, looks about – is no reader's.
        """
        sound = self.steps[:-1] if self.broken and len(self.steps) > 1 else self.steps
        last = sound[-1]
        each = last["cpu"] / last["readers"]
        if len(sound) > 1 and (more := last["cpu"] - sound[0]["cpu"]) > 0:
            each = more / (last["readers"] - sound[0]["readers"])
        return float(round(last["readers"] + (1 - last["cpu"]) / each))

    def close(self) -> None:
        """Let everybody go."""
        self._readers.close()
        self._looks.close()


def climb(url: str, transport: str, rate: float) -> Iterator[dict[str, Any]]:
    """Yield each step until something gives out, then what did."""
    ramp = Ramp(url, transport, rate)
    for readers in STEPS:
        yield ramp.step(readers)
        if why := ramp.broken:
            break
    yield {"end": True, "why": why or "nothing", "readers": readers, "knee": ramp.knee}
    ramp.close()


def busy_seconds() -> float:
    """Give the processor seconds that all programs of this machine have used."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "guest", 0.0)
    return float(sum(times) - idle)


def main(given: str) -> None:
    """Climb on a fresh server, and print each step."""
    asked = json.loads(given)
    allow_descriptors(STEPS[-1])  # the server inherits it
    with FreshServer() as server:
        for told in climb(server.url, asked["transport"], float(asked["rate"])):
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
