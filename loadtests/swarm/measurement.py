"""Measurement: settle, warm up, measure, drain – one window of one case, inside a headless Locust.

The window's edges are two inspections of the server, in the midst of the talk. What the server did between them is set
against what arrived between them; how late a message was, is asked of those that were due between them, however late
they come – so there is a drain, which nothing else is counted in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import gevent
from locust.env import Environment

from loadtests.client.inspection import INSPECTIONS_A_SECOND, Inspector, NotTheChat, Snapshot
from loadtests.client.schedule import exactly
from loadtests.results.window_result import Failed, Outcome, WindowResult
from loadtests.swarm.own_load import OwnLoad
from loadtests.swarm.publisher import Publisher
from loadtests.swarm.reader import Reader
from loadtests.swarm.window_counts import WindowCounts

SETTLE_SECONDS = 0.5
CATCH_UP_SECONDS = 20.0
DRAIN_SECONDS = 5.0  # beyond a poll interval: what has not come by then counts as lost
STEP_SECONDS = 0.02


class Measurement:
    """Measures what one window's messages cost, and how long they took."""

    def __init__(self, environment: Environment, publisher: Publisher) -> None:
        self._environment = environment
        self._options = cast(Any, environment.parsed_options)
        self._publisher = publisher
        self._inspector = Inspector(environment.host or "")
        self._counts = WindowCounts()
        self._held: list[tuple[float, int]] = []

    def run(self) -> Outcome:
        """Return what the window measured. Raises: NotTheChat, when the server has gone."""
        self._environment.events.request.add_listener(self._counts.count)
        self._wait(lambda: len(self._readers()) == self._options.num_users, CATCH_UP_SECONDS)
        if not self._wait(lambda: all(r.caught_up for r in self._readers()), CATCH_UP_SECONDS):
            return Failed(f"only {sum(r.caught_up for r in self._readers())} of the users got in")
        gevent.sleep(SETTLE_SECONDS)
        before = self._publish(self._options.warm_up, seed=self._options.seed + 1)
        return self._measure(before)

    def _measure(self, before: int) -> WindowResult:
        """Measure, after a warm-up of so many messages."""
        posted = self._posted_bytes()
        first, load = self._inspector.inspect(), OwnLoad()
        load.start()
        self._counts.opened_at = time.time()
        sampling = gevent.spawn(self._sample, gevent.getcurrent())
        self._publish(self._options.measure, seed=self._options.seed)
        self._counts.closed_at = time.time()
        generator = load.stop(self._publisher.late_ms)
        sampling.kill()
        last = self._inspector.inspect()
        posts = tuple(now - then for now, then in zip(self._posted_bytes(), posted, strict=True))
        self._drain()
        self._find_lost(ids := self._publisher.ids[before:])
        return WindowResult(
            **_between(first, last, self._readers()[0].transport, posts),
            **self._counts.members(),
            published=len(ids),
            held=tuple(self._held),
            generator=generator,
        )

    def _find_lost(self, ids: list[int]) -> None:
        """Count what was published, but never came."""
        if ids:
            lost = sum(reader.checker.finish(ids[0], ids[-1]) for reader in self._readers())
            self._counts.lose(lost)

    def _publish(self, seconds: float, seed: int) -> int:
        """Publish for `seconds`, and return how many messages that were."""
        began = time.monotonic()
        due = exactly(seed, self._options.rate, seconds) if seconds else []
        self._publisher.publish(due)
        gevent.sleep(max(0.0, began + seconds - time.monotonic()))
        return len(due)

    def _drain(self) -> None:
        """Wait until every reader has everything, or DRAIN_SECONDS have passed."""
        patience = DRAIN_SECONDS + self._options.poll_interval
        self._wait(lambda: not self._publisher.unanswered, patience)
        newest = self._publisher.ids[-1] if self._publisher.ids else 0
        self._wait(
            lambda: all((reader.checker.last or 0) >= newest for reader in self._readers()),
            patience,
        )

    def _wait(self, condition: Callable[[], bool], seconds: float) -> bool:
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

    def _posted_bytes(self) -> tuple[int, int]:
        return self._publisher.connection.sent, self._publisher.connection.received

    def _sample(self, measuring: gevent.Greenlet) -> None:
        """Note how many requests are held. When the server is gone, the measuring is over."""
        try:
            while True:
                at = round(time.time() - self._counts.opened_at, 2)
                self._held.append((at, self._inspector.inspect().numbers["held"]))
                gevent.sleep(1 / INSPECTIONS_A_SECOND)
        except NotTheChat as problem:
            measuring.kill(problem, block=False)


def _between(
    first: Snapshot, last: Snapshot, transport: str, posts: tuple[int, ...]
) -> dict[str, Any]:
    """Return what the server did between two snapshots, without what they and the posts themselves took."""
    then, now = first.numbers, last.numbers
    asked, answered = (
        last.asked_bytes - first.asked_bytes,
        last.answered_bytes - first.answered_bytes,
    )
    return {
        "seconds": round(now["uptime_seconds"] - then["uptime_seconds"], 3),
        "cpu_seconds": round(now["cpu_seconds"] - then["cpu_seconds"], 6),
        "requests": last.requests(transport) - first.requests(transport),
        "bytes_received": now["bytes_received"] - then["bytes_received"] - posts[0] - asked,
        "bytes_sent": now["bytes_sent"] - then["bytes_sent"] - posts[1] - answered,
        "rss_bytes": now["rss_bytes"],
        "loop_lag_ms": now["loop_lag_ms"],
    }
