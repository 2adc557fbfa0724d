"""Window counts: what Locust's own events say of one window. It listens, and starts nothing."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Any

from loadtests.client.checker import LOST
from loadtests.results.histogram import Histogram


class WindowCounts:
    """Counts what belongs between `opened_at` and `closed_at` (seconds since 1970)."""

    def __init__(self) -> None:
        self.opened_at = self.closed_at = math.inf
        self._arrived = 0  # deliveries between the window's edges
        self._delivery, self._response_time, self._first_event = (Histogram() for _ in range(3))
        self._faults: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def count(
        self,
        request_type: str,
        exception: Exception | None,
        context: dict[str, float],
        response_time: float | None,
        **_: object,
    ) -> None:
        """Take one of Locust's request events."""
        is_open = self.opened_at <= time.time() < self.closed_at
        if exception is not None:
            (self._faults if request_type == "DELIVER" else self._failures)[str(exception)] += 1
        elif request_type == "DELIVER" and response_time is not None:
            self._arrived += is_open
            if context["due"] >= self.opened_at:
                self._delivery.add(response_time)
        elif request_type == "FIRST" and response_time is not None:
            self._first_event.add(response_time)
        elif "elapsed_ms" in context and is_open:
            self._response_time.add(context["elapsed_ms"])

    def lose(self, count: int) -> None:
        """Count deliveries that never came."""
        self._faults[LOST] += count

    def members(self) -> dict[str, Any]:
        """Return what was counted, as members of a WindowResult."""
        return {
            "opened_at": round(self.opened_at, 6),
            "arrived": self._arrived,
            "delivery": self._delivery,
            "response_time": self._response_time,
            "first_event": self._first_event,
            "faults": dict(self._faults),
            "failures": dict(self._failures),
        }
