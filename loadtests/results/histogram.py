"""Histogram: how often which delay was seen, small enough to keep for every case and exact enough to compare.

A log-linear histogram as HdrHistogram made them known, here with logarithmic buckets alone: each is 1 % wider than the
one before, from 10 microseconds up, so a quantile is right to within 1 % at any size, and two histograms add up without
loss. Ours, because that package needs a compiler on some machines, and Locust rounds to a whole millisecond.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

FLOOR_MS = 0.01
GROWTH = 1.01
_LOG_GROWTH = math.log(GROWTH)


@dataclass
class Histogram:
    """Counts of delays in milliseconds, by bucket."""

    _counts: Counter[int] = field(default_factory=Counter)
    _sum_ms: float = 0.0
    count: int = 0

    @classmethod
    def together(cls, histograms: Iterable[Histogram]) -> Histogram:
        """Return all that these have counted."""
        whole = cls()
        for one in histograms:
            whole._counts += one._counts
            whole._sum_ms += one._sum_ms
            whole.count += one.count
        return whole

    @classmethod
    def of(cls, delays_ms: Iterable[float]) -> Histogram:
        """Return a histogram of these delays."""
        histogram = cls()
        for ms in delays_ms:
            histogram.add(ms)
        return histogram

    def add(self, ms: float) -> None:
        """Count one delay; one below FLOOR_MS counts as FLOOR_MS in the quantiles."""
        bucket = math.ceil(math.log(ms / FLOOR_MS) / _LOG_GROWTH) if ms > FLOOR_MS else 0
        self._counts[bucket] += 1
        self._sum_ms += ms
        self.count += 1

    @property
    def mean_ms(self) -> float:
        """The exact mean; 0 when nothing was counted."""
        return self._sum_ms / self.count if self.count else 0.0

    def quantile_ms(self, share: float) -> float:
        """Return the delay that `share` (0 to 1) of all stayed within; 0 when nothing was counted."""
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
        """Return what `from_json` reads."""
        return {
            "floor_ms": FLOOR_MS,
            "growth": GROWTH,
            "sum_ms": round(self._sum_ms, 3),
            "buckets": {str(bucket): n for bucket, n in sorted(self._counts.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Histogram:
        """Read what `to_json` returned. Raises: ValueError for another kind of bucket."""
        if (data["floor_ms"], data["growth"]) != (FLOOR_MS, GROWTH):
            raise ValueError("a histogram with other buckets")
        buckets, sum_ms = data["buckets"], data["sum_ms"]
        assert isinstance(buckets, dict)
        assert isinstance(sum_ms, int | float)
        counts = Counter({int(bucket): int(n) for bucket, n in buckets.items()})
        return cls(counts, float(sum_ms), counts.total())
