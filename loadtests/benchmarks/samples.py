"""Samples: what one round measures of one server, and what several rounds say together.

No figure stands alone, because machines are noisy and differ. All servers of a row are measured in turn, round after
round, and what counts is the median of the ratios, each of two samples of the same round.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median

from loadtests.comparison.server import NotStarted, Server


class Lost(Exception):
    """Not everything arrived in time."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round has measured of one server. `value` is in the row's unit; None: not measured there."""

    value: float
    deliveries_a_second: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    loop_lag_ms: float | None = None  # the worst of the last second; only our server reports it
    lost: float | None = None  # deliveries
    load_busy: float | None = None  # the load's own share of a core; near 1, the load was the limit


FIGURES = tuple(name for name in Sample.__slots__ if name != "value")


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that can be started, how it is measured, and the bound on the ratio of ours to it."""

    name: str
    start: Callable[[], AbstractContextManager[Server]]
    measure: Callable[[Server], Sample]
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One server in a row: the median of its rounds, the least and the most, and the ratio of ours to it."""

    name: str
    median: Sample
    least: float
    most: float
    ratio: float | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured (`title`), what it means to a person, and what ours may have at most (or at least)."""

    name: str
    title: str
    meaning: str
    unit: str
    bound: float | None = None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A row, and what was measured of it; ours is the first line. `problems`: a sentence each."""

    row: Row
    lines: list[Standing]
    problems: list[str] = field(default_factory=list)


def measure(row: Row, contenders: list[Contender], rounds: int) -> Measured:
    """Measure all contenders in turn, so many rounds; one that can't go on is named, and left out."""
    samples: dict[str, list[Sample]] = {one.name: [] for one in contenders}
    problems: dict[str, str] = {}
    for number in range(1, rounds + 1):
        for one in contenders:
            if one.name in problems:
                continue
            print(f"  {row.name}: {one.name}, {number} of {rounds} …", file=sys.stderr, flush=True)
            try:
                with one.start() as server:
                    samples[one.name].append(one.measure(server))
            except (Lost, NotStarted, OSError) as problem:
                problems[one.name] = f"{one.name}: {problem}"
    complete = [one for one in contenders if one.name not in problems]
    return Measured(row, lines(row, complete, samples), list(problems.values()))


def lines(
    row: Row, contenders: list[Contender], samples: dict[str, list[Sample]]
) -> list[Standing]:
    """Return a line for each contender; ratios are those to the first."""
    found = []
    for one in contenders:
        values = [sample.value for sample in samples[one.name]]
        ratio, bound = None, row.bound
        if one is not contenders[0]:
            ours = [sample.value for sample in samples[contenders[0].name]]
            ratio = median(mine / other for mine, other in zip(ours, values, strict=True))
            bound = one.bound
        middle = _median(samples[one.name])
        found.append(Standing(one.name, middle, min(values), max(values), ratio, bound))
    return found


def _median(samples: list[Sample]) -> Sample:
    figures = {name: _of(getattr(sample, name) for sample in samples) for name in FIGURES}
    return Sample(median(sample.value for sample in samples), **figures)


def _of(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
