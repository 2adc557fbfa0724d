"""Twice: one run, told twice – by response time, as load testers do, and by delivery.

`locust -f loadtests/twice.py --headless -u 90 -r 90`: readers of three transports in one room, and one JSON object a
line with both tables. `two_tables.py` starts it. Nobody is served differently for it: it only listens.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from typing import Any

import gevent
from locust import events
from locust.env import Environment

from loadtests.histogram import Histogram
from loadtests.long_polling import LongPolling
from loadtests.short_polling import ShortPolling
from loadtests.websockets import WebSocket

READERS = (ShortPolling, LongPolling, WebSocket)
WARM_UP_SECONDS = 2.0
TELL_SECONDS = 0.5


class Tables:
    """Both tables, by transport, of what happened after the warm-up."""

    def __init__(self) -> None:
        self._opened = float("inf")
        self._naive: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._delivery: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._lost: Counter[str] = Counter()

    def tell(self) -> None:
        """Print both tables again and again, for as long as the test runs."""
        self._opened = time.time() + WARM_UP_SECONDS
        while True:
            gevent.sleep(TELL_SECONDS)
            rows = {reader.transport: self._row(reader.transport) for reader in READERS}
            seconds = round(max(0.0, time.time() - self._opened), 1)
            print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)

    def count(
        self, request_type: str, name: str, context: dict[str, Any], exception: object, **told: Any
    ) -> None:
        """Take one of Locust's request events."""
        if request_type == "DELIVER":
            self._deliver(name, told["response_time"], context["due"], exception)
        elif request_type == "GET" and time.time() >= self._opened:
            self._naive[name.rpartition("/")[2]].add(context["elapsed_ms"])

    def _deliver(self, name: str, ms: float | None, due: float, exception: object) -> None:
        if ms is None:
            self._lost[name] += str(exception) == "lost"
        elif due >= self._opened:
            self._delivery[name].add(ms)
            if name == WebSocket.transport:
                self._naive[name].add(0.0)  # nobody asked, so nobody waited: the custom is to say 0

    def _row(self, transport: str) -> dict[str, float]:
        naive, delivery = self._naive[transport], self._delivery[transport]
        return {
            "responses": naive.count,
            "response_ms": round(naive.mean_ms, 2),
            "deliveries": delivery.count,
            "delivery_ms": round(delivery.mean_ms, 2),
            "p95_ms": round(delivery.quantile_ms(0.95), 2),
            "p99_ms": round(delivery.quantile_ms(0.99), 2),
            "lost": self._lost[transport],
        }


@events.init.add_listener
def listen(environment: Environment, **_: object) -> None:
    """Keep both tables of one environment's test."""
    tables = Tables()
    environment.events.request.add_listener(tables.count)
    environment.events.test_start.add_listener(lambda **_: gevent.spawn(tables.tell))
