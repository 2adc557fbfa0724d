"""Both measures: one run, measured twice – by response time, as load testers do, and by delivery.

Loaded beside the rows whose readers are to be compared in one room (`locust -f loadtests/websockets.py,…,this`), it
prints one JSON object a line with both tables. Nobody is served differently for it: it only listens.
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

from loadtests.client.reading import Asks
from loadtests.results.histogram import Histogram
from loadtests.swarm.reader import Reader
from loadtests.table import TRANSPORTS

WARM_UP_SECONDS = 2.0
REPORT_SECONDS = 0.5
STRAGGLER_SECONDS = 2.0  # two poll intervals: a message that has not come by then is lost


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
    """Both tables, by transport, of what was due after the warm-up, and long enough ago to have arrived."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._since = float("inf")
        self._response_time: defaultdict[str, Column] = defaultdict(Column)
        self._delivery: defaultdict[str, Column] = defaultdict(Column)
        self._posted = Column()

    def report(self) -> None:
        """Print both tables again and again, for as long as the test runs."""
        self._since = time.time() + WARM_UP_SECONDS
        while True:
            gevent.sleep(REPORT_SECONDS)
            until = time.time() - STRAGGLER_SECONDS
            self._posted.settle(self._since, until)
            readers = [c for c in self._environment.user_classes if issubclass(c, Reader)]
            rows = {reader.transport: self._row(reader, until) for reader in readers}
            seconds = round(max(0.0, until - self._since), 1)
            print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)

    def count(
        self, request_type: str, name: str, context: dict[str, Any], exception: object, **more: Any
    ) -> None:
        """Take one of Locust's request events."""
        if exception is not None:
            return
        if request_type == "DELIVER":
            self._deliver(name, more["response_time"], context["due"])
        elif request_type == "POST":
            self._posted.add(context["due"], 0.0)
        elif "elapsed_ms" in context and request_type == "GET":
            self._response_time[name.rpartition("/")[2]].add(time.time(), context["elapsed_ms"])

    def _deliver(self, name: str, ms: float, due: float) -> None:
        self._delivery[name].add(due, ms)
        if TRANSPORTS[name].asks is Asks.ONCE:
            # Nobody asked, so nobody waited: the custom is to say 0.
            self._response_time[name].add(due, 0.0)

    def _row(self, reader: type[Reader], until: float) -> dict[str, float]:
        transport = reader.transport
        for column in (self._response_time[transport], self._delivery[transport]):
            column.settle(self._since, until)
        asked, delivery = self._response_time[transport].settled, self._delivery[transport].settled
        runner = self._environment.runner
        assert runner is not None
        everybody = runner.user_classes_count[reader.__name__] * self._posted.settled.count
        return {
            "responses": asked.count,
            "response_ms": round(asked.mean_ms, 2),
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
    environment.events.test_start.add_listener(lambda **_: gevent.spawn(tables.report))
