"""Lines: a run's cases as points, and where two lines cross. Arithmetic, no words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from loadtests.results.case_result import CaseResult
from loadtests.results.results import Results

Value = Callable[[CaseResult], float]


def trusted(results: Results, users: int) -> list[CaseResult]:
    """Return the cases with so many users whose numbers can be shown."""
    return [result for result in results.cases if result.trusted and result.case.users == users]


def line(cases: Sequence[CaseResult], transport: str, value: Value) -> list[tuple[float, float]]:
    """Return a transport's points, (messages a second that were published, value), rates rising."""
    return sorted((m.rate, value(m)) for m in cases if m.case.transport == transport)


def crossing(
    one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]
) -> float | None:
    """Return the rate at which two lines cross, straight between points on logarithmic axes; None if they don't."""
    rates = sorted({rate for rate, _ in (*one, *other)})
    ratios = [(r, math.log(a / b)) for r in rates if (a := _at(one, r)) and (b := _at(other, r))]
    for (low, before), (high, after) in pairwise(ratios):
        if before * after <= 0 and before != after:
            return float(low * (high / low) ** (before / (before - after)))
    return None


def _at(points: Sequence[tuple[float, float]], rate: float) -> float | None:
    """Return a line's value at a rate, straight between points on logarithmic axes; None outside, and at 0."""
    for (low, before), (high, after) in pairwise(points):
        if low <= rate <= high and low < high and before > 0 and after > 0:
            return float(before * (after / before) ** (math.log(rate / low) / math.log(high / low)))
    return None


def middle_rate(cases: Sequence[CaseResult]) -> float:
    """Return the rate that the charts of one rate show: the one in the middle."""
    rates = sorted({result.case.rate for result in cases})
    return rates[len(rates) // 2]
