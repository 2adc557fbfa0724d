"""Both measures: one run, measured twice – by response time, as load testers do, and by delivery.

`locust -f loadtests/swarm/both_measures.py --headless -u 90 -r 90`: readers of three transports in one room, and one
JSON object a line with both tables. Nobody is served differently for it: it only listens.
"""

from __future__ import annotations

import heapq
import json
import time
from collections import defaultdict
from typing import Any

import gevent
from locust import events
from locust.env import Environment

from loadtests.long_polling import LongPolling
from loadtests.results.histogram import Histogram
from loadtests.short_polling import ShortPolling
from loadtests.swarm.reader import Reader
from loadtests.websockets import WebSocket

READERS: tuple[type[Reader], ...] = (ShortPolling, LongPolling, WebSocket)
WARM_UP_SECONDS = 2.0
TELL_SECONDS = 0.5
STRAGGLER_SECONDS = 2.0  # two poll intervals: who has not heard of a message by then has lost it


class Column:
    """Times in ms by the moment that they belong to; `settled` are those of moments that are long enough past."""

    def __init__(self) -> None:
        self._open: list[tuple[float, float]] = []
        self.settled = Histogram()

    def add(self, at: float, ms: float) -> None:
        """Take one, that belongs to the moment `at`."""
        heapq.heappush(self._open, (at, ms))

    def settle(self, since: float, until: float) -> None:
        """Count what belongs to the moments from `since` to `until`."""
        while self._open and self._open[0][0] < until:
            at, ms = heapq.heappop(self._open)
            if at >= since:
                self.settled.add(ms)


class Tables:
    """Both tables, by transport, of what was due after the warm-up, and so long ago that everybody has heard it."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._since = float("inf")
        self._naive: defaultdict[str, Column] = defaultdict(Column)
        self._delivery: defaultdict[str, Column] = defaultdict(Column)
        self._said = Column()

    def tell(self) -> None:
        """Print both tables again and again, for as long as the test runs."""
        self._since = time.time() + WARM_UP_SECONDS
        while True:
            gevent.sleep(TELL_SECONDS)
            until = time.time() - STRAGGLER_SECONDS
            self._said.settle(self._since, until)
            rows = {reader.transport: self._row(reader, until) for reader in READERS}
            seconds = round(max(0.0, until - self._since), 1)
            print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)

    def count(
        self, request_type: str, name: str, context: dict[str, Any], exception: object, **told: Any
    ) -> None:
        """Take one of Locust's request events."""
        if exception is not None:
            return
        if request_type == "DELIVER":
            self._deliver(name, told["response_time"], context["due"])
        elif request_type == "POST":
            self._said.add(context["due"], 0.0)
        elif request_type == "GET":
            self._naive[name.rpartition("/")[2]].add(time.time(), context["elapsed_ms"])

    def _deliver(self, name: str, ms: float, due: float) -> None:
        self._delivery[name].add(due, ms)
        if name == WebSocket.transport:
            # Nobody asked, so nobody waited: the custom is to say 0.
            self._naive[name].add(due, 0.0)

    def _row(self, reader: type[Reader], until: float) -> dict[str, float]:
        transport = reader.transport
        for column in (self._naive[transport], self._delivery[transport]):
            column.settle(self._since, until)
        naive, delivery = self._naive[transport].settled, self._delivery[transport].settled
        runner = self._environment.runner
        assert runner is not None
        everybody = runner.user_classes_count[reader.__name__] * self._said.settled.count
        return {
            "responses": naive.count,
            "response_ms": round(naive.mean_ms, 2),
            "deliveries": delivery.count,
            "delivery_ms": round(delivery.mean_ms, 2),
            "p95_ms": round(delivery.quantile_ms(0.95), 2),
            "p99_ms": round(delivery.quantile_ms(0.99), 2),
            "lost": everybody - delivery.count,
        }


@events.init.add_listener
def listen(environment: Environment, **_: object) -> None:
    """Keep both tables of one environment's test."""
    tables = Tables(environment)
    environment.events.request.add_listener(tables.count)
    environment.events.test_start.add_listener(lambda **_: gevent.spawn(tables.tell))
