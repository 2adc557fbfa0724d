"""Expectations: a run as a gate. A limit that a run must keep, and a kept run that it may not be worse than.

websocket.p95<50ms      in every case over WebSocket, 95 % of all deliveries took less than 50 ms
long-polling.first<1s   the first batch came within a second, in the median
any.lost<1              of no transport a message was lost
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from loadtests.results.case_result import CaseResult
from loadtests.results.results import Results
from loadtests.table import TRANSPORTS

Measure = Callable[[CaseResult], float]
MEASURES: dict[str, Measure] = {
    "p50": lambda result: result.delivery.quantile_ms(0.5),
    "p95": lambda result: result.delivery.quantile_ms(0.95),
    "p99": lambda result: result.delivery.quantile_ms(0.99),
    "first": lambda result: result.window.first_event.quantile_ms(0.5),
    "cpu": lambda result: result.cpu_ms_a_thousand,
    "requests": lambda result: result.requests_a_delivery,
    "bytes": lambda result: result.bytes_a_delivery,
    "lost": lambda result: float(result.lost),
}  # delays in ms, cpu in ms a 1000 deliveries, requests and bytes a delivery
UNITS = {"ms": 1.0, "s": 1000.0, "": 1.0}
WORSE = {"median delay": ("p50", "median_spread"), "CPU a delivery": ("cpu", "cpu_spread")}
LEAST_SPREAD = 0.25  # of a run with one repetition, which knows no spread, or with a lucky one
ANY = "any"
_FORM = re.compile(r"([a-z-]+)\.([a-z0-9]+)\s*<\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|)")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A limit: a measure of a transport's cases must stay below `limit`."""

    text: str
    transport: str
    measure: str
    limit: float

    @classmethod
    def read(cls, text: str) -> Expectation:
        """Return the limit that a text states. Raises: argparse.ArgumentTypeError."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise argparse.ArgumentTypeError(f"{text!r} is no limit like websocket.p95<50ms")
        transport, measure, limit, unit = found.groups()
        if transport not in (*TRANSPORTS, ANY):
            names = ", ".join((*TRANSPORTS, ANY))
            raise argparse.ArgumentTypeError(f"there is no transport {transport!r}, only {names}")
        if measure not in MEASURES:
            known = ", ".join(MEASURES)
            raise argparse.ArgumentTypeError(f"there is no measure {measure!r}, only {known}")
        return cls(text, transport, measure, float(limit) * UNITS[unit])

    def sentences(self, results: Results) -> Iterator[str]:
        """Yield what breaks this limit, a sentence a case; that nothing was measured breaks it too."""
        cases = [r for r in results.cases if self.transport in (r.case.transport, ANY)]
        if not cases:
            yield f"{self.text} was expected, and no case of {self.transport} was measured"
        for result in cases:
            where = place(result)
            if not result.trusted:
                why = "; ".join(result.problems)
                yield f"{self.text} was expected, and {where} can’t be judged: {why}"
            elif (value := MEASURES[self.measure](result)) >= self.limit:
                yield f"{self.text} was expected, and {where} it was {value:.4g}"


def broken(results: Results, expected: list[Expectation]) -> str | None:
    """Return a sentence on the first limit that a run broke; None when it kept all."""
    return next((sentence for one in expected for sentence in one.sentences(results)), None)


def worse(results: Results, kept: Results) -> str | None:
    """Return a sentence on the first case that came out worse than a kept run's by more than both spread.

    None when there is none. Cases that only one of the runs has are not compared.
    """
    before = {result.case: result for result in kept.cases if result.trusted}
    for now in results.cases:
        then = before.get(now.case)
        if then is None or not now.trusted:
            continue
        for what, (measure, spread) in WORSE.items():
            value, was = MEASURES[measure](now), MEASURES[measure](then)
            margin = max(LEAST_SPREAD, getattr(now, spread), getattr(then, spread))
            if value > was * (1 + margin):
                more = f"{value:.4g}, was {was:.4g}, and runs spread by {margin:.0%}"
                return f"{place(now)} the {what} in ms is worse than kept: {more}"
    return None


def place(result: CaseResult) -> str:
    """Return which case this is, inside a sentence."""
    case = result.case
    return f"over {case.transport} at {case.rate:g} msg/s with {case.users} users"
