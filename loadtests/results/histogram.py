"""Histogram: how often which delay was seen, small enough to keep for every cell and exact enough to compare.

Buckets grow by 1 % from 10 microseconds up, so a quantile is right to within 1 % at any size, and two histograms
add up without loss. Locust's own statistics round to a whole millisecond, which hides a WebSocket.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping

FLOOR_MS = 0.01
GROWTH = 1.01
_LOG_GROWTH = math.log(GROWTH)


class Histogram:
    """Counts of delays in milliseconds."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._sum_ms = 0.0
        self.count = 0

    def add(self, ms: float) -> None:
        """Count one delay; one below FLOOR_MS counts as FLOOR_MS in the quantiles."""
        bucket = math.ceil(math.log(ms / FLOOR_MS) / _LOG_GROWTH) if ms > FLOOR_MS else 0
        self._counts[bucket] += 1
        self._sum_ms += ms
        self.count += 1

    def add_all(self, other: Histogram) -> None:
        """Count all that another one has counted."""
        self._counts += other._counts
        self._sum_ms += other._sum_ms
        self.count += other.count

    @property
    def mean_ms(self) -> float:
        """The exact mean; 0 when nothing was counted."""
        return self._sum_ms / self.count if self.count else 0.0

    def quantile_ms(self, share: float) -> float:
        """Give the delay that `share` (0 to 1) of all stayed within; 0 when nothing was counted."""
        for ms, so_far in self.steps():
            if so_far >= share - 1e-12:
                return ms
        return 0.0

    def steps(self) -> Iterator[tuple[float, float]]:
        """Yield each delay that was seen, ascending, with the share of all that stayed within it."""
        so_far = 0
        for bucket in sorted(self._counts):
            so_far += self._counts[bucket]
            yield FLOOR_MS * GROWTH**bucket, so_far / self.count

    def to_json(self) -> dict[str, object]:
        """Give what `from_json` reads."""
        return {
            "floor_ms": FLOOR_MS,
            "growth": GROWTH,
            "sum_ms": round(self._sum_ms, 3),
            "buckets": {str(bucket): n for bucket, n in sorted(self._counts.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Histogram:
        """Read what `to_json` gave. Raises: ValueError for another kind of bucket."""
        if (data["floor_ms"], data["growth"]) != (FLOOR_MS, GROWTH):
            raise ValueError("a histogram with other buckets")
        buckets, sum_ms = data["buckets"], data["sum_ms"]
        assert isinstance(buckets, dict)
        assert isinstance(sum_ms, int | float)
        histogram = cls()
        histogram._counts = Counter({int(bucket): int(n) for bucket, n in buckets.items()})
        histogram._sum_ms = float(sum_ms)
        histogram.count = sum(histogram._counts.values())
        return histogram
