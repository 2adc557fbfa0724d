"""Rounds: a cell that was measured several times, as one.

What counts something is added up, delays are put together, and of what warns the worst is kept. The rounds themselves
say how far the same measurement comes out apart, which no single one can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from loadtests.results.histogram import Histogram

ADDED = (
    "seconds",
    "cpu_seconds",
    "requests",
    "bytes_received",
    "bytes_sent",
    "published",
    "arrived",
)
WORST = ("rss_bytes", "loop_lag_ms")
SHARES = ("cpu_share", "machine_busy")  # of the generator; its other members warn

Said = dict[str, Any]  # what one window measured: see window.py


def pooled(rounds: Sequence[Said]) -> Said:
    """Give several rounds of one cell as if they had been one. A problem of one is a problem of all."""
    troubled = next((said for said in rounds if "problem" in said), None)
    if troubled is not None or len(rounds) == 1:
        return troubled or rounds[0]
    return {
        **{name: sum(said[name] for said in rounds) for name in ADDED},
        **{name: max(said[name] for said in rounds) for name in WORST},
        **{
            name: dict(sum((Counter(said[name]) for said in rounds), Counter()))
            for name in ("faults", "failures")
        },
        **{name: _together([said[name] for said in rounds]) for name in ("delivery", "naive")},
        "generator": _generator(rounds),
        "held": _one_after_the_other(rounds),
    }


def apart(values: Sequence[float]) -> float:
    """Give how far the rounds' values lie apart, as a share of the least; 0 for a single one."""
    return max(values) / min(values) - 1 if min(values) > 0 else 0.0


def _together(histograms: Sequence[dict[str, Any]]) -> dict[str, object]:
    together = Histogram()
    for one in histograms:
        together.add_all(Histogram.from_json(one))
    return together.to_json()


def _generator(rounds: Sequence[Said]) -> dict[str, float]:
    seconds = sum(said["seconds"] for said in rounds)
    names = rounds[0]["generator"]
    return {
        name: sum(said["generator"][name] * said["seconds"] for said in rounds) / seconds
        if name in SHARES
        else max(said["generator"][name] for said in rounds)
        for name in names
    }


def _one_after_the_other(rounds: Sequence[Said]) -> list[tuple[float, int]]:
    """Give the held requests over the rounds' time, as if one had begun where the one before ended."""
    before, held = 0.0, []
    for said in rounds:
        held += [(round(before + at, 2), count) for at, count in said["held"]]
        before += said["seconds"]
    return held
