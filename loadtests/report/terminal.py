"""Terminal: a run's results as text."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.report import findings, lines, predictions
from loadtests.report.findings import milliseconds
from loadtests.results.case_result import CaseResult, percent
from loadtests.results.results import Results

COLUMNS = (
    "transport",
    "msg/s",
    "users",
    "p50",
    "p95",
    "p99",
    "lost",
    "requests/del.",
    "bytes/del.",
    "CPU ms/1000",
    "held",
    "RSS MB",
    "Locust CPU",
)


def table(results: Results) -> str:
    """Draw the one table."""
    rows = [COLUMNS, *(row(result) for result in results.cases)]
    widths = [max(len(r[i]) for r in rows) for i in range(len(COLUMNS))]
    return "\n".join(_aligned(r, widths) for r in rows)


def row(result: CaseResult) -> tuple[str, ...]:
    """Return a case's row, as COLUMNS says. What is not to be trusted is not shown."""
    case = result.case
    head = (result.label, f"{case.rate:g}", str(case.users))
    if not result.complete:
        return (*head, *["–"] * (len(COLUMNS) - len(head)))
    delays = ["–"] * 3
    if result.trusted:
        delays = [milliseconds(result.delivery.quantile_ms(q)) for q in (0.5, 0.95, 0.99)]
    return (
        *head,
        *delays,
        str(result.lost),
        f"{result.requests_a_delivery:.2f}",
        f"{result.bytes_a_delivery:,.0f}",
        f"{result.cpu_ms_a_thousand:.1f}",
        str(result.held_most),
        f"{result.window.rss_bytes / 1e6:.0f}",
        percent(result.generator.cpu_share),
    )


def _aligned(texts: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        text.rjust(width) if place else text.ljust(width)
        for place, (text, width) in enumerate(zip(texts, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()


def summary(results: Results) -> str:
    """Return the table, what it shows, and what is wrong with it."""
    parts = [table(results)]
    for users in results.plan.users:
        cases = lines.trusted(results, users)
        if cases:
            heading = [f"With {users} users:"] if len(results.plan.users) > 1 else []
            parts.append("\n".join([*heading, *_found(results, cases)]))
    return "\n\n".join([*parts, *wrong(results)])


def _found(results: Results, cases: list[CaseResult]) -> list[str]:
    rate = lines.middle_rate(cases)
    said = [
        findings.delivery(cases, rate),
        findings.response_time(cases, rate),
        findings.requests(results, cases),
        findings.processor(cases),
        findings.first_event(cases, rate),
        findings.observed(cases, rate),
        predictions.delays(cases, rate),
        findings.limits(cases),
        findings.noise(cases),
        findings.spread(cases),
    ]
    return [sentence for sentence in said if sentence]


def wrong(results: Results) -> list[str]:
    """Return what is not as it should be, a line each."""
    said = [f"{name(m)}: {problem}" for m in results.cases for problem in m.problems]
    if results.interrupted:
        said.append(
            f"interrupted after {len(results.windows)} of {len(results.plan.turns())} windows"
        )
    return ["\n".join(f"✗ {line}" for line in said)] if said else []


def name(result: CaseResult) -> str:
    """Name a case in a sentence."""
    return f"{result.label}, {result.case.rate:g} msg/s, {result.case.users} users"
