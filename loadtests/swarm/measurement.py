"""Window: settle, warm up, measure, drain – one cell of the comparison, inside a headless Locust.

The window's edges are two looks into the server, in the midst of the talk. What the server did between them is set
against what arrived between them; how late a message was, is asked of those that were due between them, however late
they come – so there is a drain, which nothing else is counted in.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, cast

import gevent
from locust.env import Environment

from loadtests.client.checker import LOST
from loadtests.client.inspection import LOOKS_A_SECOND, Look, Looks, NotTheChat
from loadtests.client.schedule import exactly
from loadtests.results.histogram import Histogram
from loadtests.swarm.own_load import OwnLoad
from loadtests.swarm.publisher import Publisher
from loadtests.swarm.reader import Reader

SETTLE_SECONDS = 0.5
CATCH_UP_SECONDS = 20.0
DRAIN_SECONDS = 5.0  # beyond a poll interval: what has not come by then counts as lost
STEP_SECONDS = 0.02


class Window:
    """Measures what one window's messages cost, and how long they took."""

    def __init__(self, environment: Environment, publisher: Publisher) -> None:
        self._environment = environment
        self._options = cast(Any, environment.parsed_options)
        self._publisher = publisher
        self._looks = Looks(environment.host or "")
        self._opened = self._closed = float("inf")
        self._arrived = 0  # deliveries between the window's edges
        self._delivery, self._naive = Histogram(), Histogram()
        self._faults: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._held: list[tuple[float, int]] = []
        environment.events.request.add_listener(self._count)

    def run(self) -> dict[str, Any]:
        """Give what the window measured, as JSON's types."""
        self._wait(lambda: len(self._readers()) == self._options.num_users, CATCH_UP_SECONDS)
        caught_up = self._wait(
            lambda: all(reader.caught_up for reader in self._readers()), CATCH_UP_SECONDS
        )
        if not caught_up:
            return {
                "problem": f"only {sum(r.caught_up for r in self._readers())} of the users got in"
            }
        gevent.sleep(SETTLE_SECONDS)
        before = self._publish(self._options.warm_up, seed=self._options.seed + 1)
        return self._measure(before)

    def _measure(self, before: int) -> dict[str, Any]:
        """Measure, after a warm-up of so many messages."""
        posted = self._posted_bytes()
        first, load = self._looks.look(), OwnLoad()
        self._opened = time.time()
        sampling = gevent.spawn(self._sample, gevent.getcurrent())
        self._publish(self._options.measure, seed=self._options.seed)
        self._closed = time.time()
        own_load = load.stop()
        sampling.kill()
        last = self._looks.look()
        posts = tuple(now - then for now, then in zip(self._posted_bytes(), posted, strict=True))
        self._drain()
        self._find_lost(ids := self._publisher.ids[before:])
        return {
            **_between(first, last, self._readers()[0].transport, posts),
            "published": len(ids),
            "arrived": self._arrived,
            "generator": {**own_load, "late_ms": round(self._publisher.late_ms, 2)},
            **self._told(),
        }

    def _told(self) -> dict[str, Any]:
        return {
            "delivery": self._delivery.to_json(),
            "naive": self._naive.to_json(),
            "faults": dict(self._faults),
            "failures": dict(self._failures),
            "held": self._held,
        }

    def _find_lost(self, ids: list[int]) -> None:
        """Count what was published, but never came."""
        if ids:
            lost = sum(reader.checker.finish(ids[0], ids[-1]) for reader in self._readers())
            self._faults[LOST] += lost

    def _publish(self, seconds: float, seed: int) -> int:
        """Publish for `seconds`, and give how many messages that were."""
        began = time.monotonic()
        due = exactly(seed, self._options.rate, seconds) if seconds else []
        self._publisher.publish(due)
        gevent.sleep(max(0.0, began + seconds - time.monotonic()))
        return len(due)

    def _drain(self) -> None:
        """Wait until everybody has everything, or DRAIN_SECONDS have passed."""
        patience = DRAIN_SECONDS + self._options.poll_interval
        self._wait(lambda: not self._publisher.unanswered, patience)
        newest = self._publisher.ids[-1] if self._publisher.ids else 0
        self._wait(
            lambda: all((reader.checker.last or 0) >= newest for reader in self._readers()),
            patience,
        )

    def _wait(self, condition: Any, seconds: float) -> bool:
        """Wait until a condition holds; False when it still doesn't after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            gevent.sleep(STEP_SECONDS)
        return True

    def _readers(self) -> list[Reader]:
        runner = self._environment.runner
        assert runner is not None
        return [greenlet.args[0] for greenlet in runner.user_greenlets if greenlet.args]

    def _posted_bytes(self) -> tuple[int, ...]:
        return self._publisher.connection.sent, self._publisher.connection.received

    def _sample(self, measuring: gevent.Greenlet) -> None:
        """Note how many requests are held. When the server is gone, the measuring is over."""
        try:
            self._note_held()
        except NotTheChat as problem:
            measuring.kill(problem, block=False)

    def _note_held(self) -> None:
        while True:
            self._held.append(
                (round(time.time() - self._opened, 2), self._looks.look().numbers["held"])
            )
            gevent.sleep(1 / LOOKS_A_SECOND)

    def _count(
        self,
        request_type: str,
        exception: Exception | None,
        context: dict[str, float],
        response_time: float | None,
        **_: object,
    ) -> None:
        if exception is not None:
            (self._faults if request_type == "DELIVER" else self._failures)[str(exception)] += 1
        elif request_type == "DELIVER" and response_time is not None:
            self._arrived += self._opened <= time.time() < self._closed
            if context["due"] >= self._opened:
                self._delivery.add(response_time)
        elif "elapsed_ms" in context and self._opened <= time.time() < self._closed:
            self._naive.add(context["elapsed_ms"])


def _between(first: Look, last: Look, transport: str, posts: tuple[int, ...]) -> dict[str, Any]:
    """Give what the server did between two looks, without what the looks and the posts themselves took."""
    then, now = first.numbers, last.numbers
    return {
        "seconds": round(now["uptime_seconds"] - then["uptime_seconds"], 3),
        "cpu_seconds": round(now["cpu_seconds"] - then["cpu_seconds"], 6),
        "requests": last.requests(transport) - first.requests(transport),
        "bytes_received": now["bytes_received"]
        - then["bytes_received"]
        - posts[0]
        - (last.asked_bytes - first.asked_bytes),
        "bytes_sent": now["bytes_sent"]
        - then["bytes_sent"]
        - posts[1]
        - (last.answered_bytes - first.answered_bytes),
        "rss_bytes": now["rss_bytes"],
        "loop_lag_ms": now["loop_lag_ms"],
    }
