"""Predictions: what the model expected of each case, beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.report.findings import listed, messages, milliseconds, named
from loadtests.results.case_result import CaseResult, percent

WAITED_SHARE = 0.05  # of the time; above it, Locust's waiting for a processor is worth a word

Row = tuple[CaseResult, list[tuple[str, str, str]]]


def rows(cases: Sequence[CaseResult]) -> list[Row]:
    """Return each case with its predictions: predicted, measured, and the ratio of the two."""
    return [(result, _pairs(result)) for result in cases if result.trusted and result.predicted]


def _pairs(result: CaseResult) -> list[tuple[str, str, str]]:
    predicted = result.predicted
    assert predicted is not None
    pairs = [
        (predicted.requests, result.requests_a_second, "{:.0f}"),
        (predicted.bytes / 1000, result.bytes_a_second / 1000, "{:.1f}"),
        (predicted.mean_delay_ms, result.delivery.mean_ms, "{:.1f}"),
        (predicted.cpu * 100, result.cpu * 100, "{:.2f}"),
    ]
    return [
        (form.format(expected), form.format(found), f"{found / expected:.2f}" if expected else "–")
        for expected, found, form in pairs
    ]


def delays(cases: Sequence[CaseResult], rate: float) -> str:
    """Return which mean delays the model expected, and which came; nothing without a calibration."""
    parts, waited = [], 0.0
    for result in cases:
        if result.case.rate == rate and (predicted := result.predicted):
            found = milliseconds(result.delivery.mean_ms)
            expected = milliseconds(predicted.mean_delay_ms)
            parts.append(f"{expected} over {named(result.case.transport)}, and it was {found}")
            waited = max(waited, result.generator.queued_share)
    if not parts:
        return ""
    why = f" Locust waited for a processor in {percent(waited)} of the time."
    at = f"At {messages(rate)} a second the model expected a mean delay of {listed(parts)}."
    return at + (why if waited > WAITED_SHARE else "")
