"""Repetitions: a case that was measured several times, as one.

What counts something is added up, delays are put together, and of what warns the worst is kept. The repetitions
themselves say how far the same measurement spreads, which no single one can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from loadtests.results.histogram import Histogram
from loadtests.results.window_result import GeneratorLoad, WindowResult

ADDED = (
    "seconds",
    "cpu_seconds",
    "requests",
    "bytes_received",
    "bytes_sent",
    "published",
    "arrived",
)
WORST = ("rss_bytes", "loop_lag_ms", "opened_at")
COUNTED = ("faults", "failures")
DELAYS = ("delivery", "response_time", "first_event", "observed")
SHARES = ("cpu_share", "machine_busy", "queued_share")
LATE = ("lag_p50_ms", "lag_p99_ms", "late_ms")


def pooled(windows: Sequence[WindowResult]) -> WindowResult:
    """Return several repetitions of one case as if they had been one."""
    if len(windows) == 1:
        return windows[0]

    def put_together(names: Sequence[str], how: Callable[[list[Any]], Any]) -> dict[str, Any]:
        return {name: how([getattr(window, name) for window in windows]) for name in names}

    return WindowResult(
        **put_together(ADDED, sum),
        **put_together(WORST, max),
        **put_together(COUNTED, lambda counts: dict(sum(map(Counter, counts), Counter()))),
        **put_together(DELAYS, Histogram.together),
        generator=_generator(windows),
        held=_one_after_the_other(windows),
    )


def spread(values: Sequence[float]) -> float:
    """Return how far the repetitions' values lie apart, as a share of the least; 0 for a single one."""
    return max(values) / min(values) - 1 if min(values) > 0 else 0.0


def _generator(windows: Sequence[WindowResult]) -> GeneratorLoad:
    seconds = sum(window.seconds for window in windows)
    return GeneratorLoad(
        **{
            name: sum(getattr(w.generator, name) * w.seconds for w in windows) / seconds
            for name in SHARES
        },
        **{name: max(getattr(w.generator, name) for w in windows) for name in LATE},
    )


def _one_after_the_other(windows: Sequence[WindowResult]) -> tuple[tuple[float, int], ...]:
    """Return the held requests over time, as if one repetition had begun where the one before ended."""
    before, held = 0.0, []
    for window in windows:
        held += [(round(before + at, 2), count) for at, count in window.held]
        before += window.seconds
    return tuple(held)
