"""Terminal: a run's progress and its results, as text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from loadtests.comparison.progress import Step
from loadtests.report import findings
from loadtests.report.findings import milliseconds
from loadtests.results.case_result import Measured, percent
from loadtests.results.results import Results

BAR = 24


class Progress:
    """Draws one line again and again on a terminal; on anything else, writes a line a step."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._drawing = stream.isatty()

    def tell(self, step: Step) -> None:
        """Show where the run is."""
        full = round(BAR * step.done / step.of)
        minutes, seconds = divmod(round(step.seconds_left), 60)
        text = f"{'█' * full}{'░' * (BAR - full)} {step.done}/{step.of}  {minutes}:{seconds:02} left  {step.now}"
        print(
            f"\r\x1b[K{text}" if self._drawing else text,
            end="" if self._drawing else "\n",
            file=self._stream,
        )
        self._stream.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._drawing:
            print(file=self._stream)


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
    rows = [COLUMNS, *(row(measured) for measured in results.cells)]
    widths = [max(len(r[i]) for r in rows) for i in range(len(COLUMNS))]
    return "\n".join(_aligned(r, widths) for r in rows)


def row(measured: Measured) -> tuple[str, ...]:
    """Give a cell's row, as COLUMNS says. What is not to be trusted is not shown."""
    cell = measured.cell
    head = (measured.label, f"{cell.rate:g}", str(cell.users))
    if not measured.complete:
        return (*head, *["–"] * (len(COLUMNS) - len(head)))
    delays = ["–"] * 3
    if measured.trusted:
        delays = [milliseconds(measured.delivery.quantile_ms(q)) for q in (0.5, 0.95, 0.99)]
    return (
        *head,
        *delays,
        str(measured.lost),
        f"{measured.requests_a_delivery:.2f}",
        f"{measured.bytes_a_delivery:,.0f}",
        f"{measured.cpu_ms_a_thousand:.1f}",
        str(measured.held_most),
        f"{measured.said['rss_bytes'] / 1e6:.0f}",
        percent(measured.said["generator"]["cpu_share"]),
    )


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        text.rjust(width) if place else text.ljust(width)
        for place, (text, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()


def summary(results: Results) -> str:
    """Give the table, what it shows, and what is wrong with it."""
    parts = [table(results)]
    for users in results.plan.users:
        cells = findings.trusted(results, users)
        if cells:
            heading = [f"With {users} users:"] if len(results.plan.users) > 1 else []
            parts.append("\n".join([*heading, *_found(results, cells)]))
    return "\n\n".join([*parts, *wrong(results)])


def _found(results: Results, cells: list[Measured]) -> list[str]:
    rate = findings.middle_rate(cells)
    told = [
        findings.delivery(cells, rate),
        findings.naive(cells, rate),
        findings.requests(results, cells),
        findings.processor(cells),
        findings.limits(cells),
        findings.noise(cells),
        findings.apart(cells),
    ]
    return [sentence for sentence in told if sentence]


def wrong(results: Results) -> list[str]:
    """Give what is not as it should be, a line each."""
    told = [f"{name(m)}: {problem}" for m in results.cells for problem in m.problems]
    if results.interrupted:
        told.append(f"interrupted after {len(results.said)} of {len(results.plan.turns())} windows")
    return ["\n".join(f"✗ {line}" for line in told)] if told else []


def name(measured: Measured) -> str:
    """Name a cell in a sentence."""
    return f"{measured.label}, {measured.cell.rate:g} msg/s, {measured.cell.users} users"
