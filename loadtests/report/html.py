"""Report: a run as one HTML file that needs nothing else – no script, no network, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.report import charts, findings, terminal
from loadtests.report.plots import all_charts
from loadtests.results.case_result import Measured
from loadtests.results.plan import LABELS
from loadtests.results.results import Results


def render(results: Results) -> str:
    """Give a run's report as one HTML document."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(context(results))


def context(results: Results) -> dict[str, Any]:
    """Give what the template shows; the site's own page uses it too."""
    users = results.plan.users[0]
    cells = findings.trusted(results, users)
    return {
        "results": results,
        "labels": LABELS,
        "users": users,
        "when": datetime.fromisoformat(results.started_at),
        "columns": terminal.COLUMNS,
        "rows": [(measured, terminal.row(measured)) for measured in results.cells],
        "wrong": [(terminal.name(m), problem) for m in results.cells for problem in m.problems],
        "charts": list(all_charts(results, cells)) if cells else [],
        "found": _found(results, cells) if cells else [],
        "model": [
            model_row(measured)
            for measured in results.cells
            if measured.trusted and measured.predicted
        ],
        "shape": lambda kind: Markup(charts.shape(kind)),
    }


def _found(results: Results, cells: Sequence[Measured]) -> list[str]:
    rate = findings.middle_rate(cells)
    told = [
        findings.delivery(cells, rate),
        findings.naive(cells, rate),
        findings.limits(cells),
        findings.noise(cells),
        findings.apart(cells),
    ]
    return [sentence for sentence in told if sentence]


def model_row(measured: Measured) -> tuple[Measured, list[tuple[str, str, str]]]:
    """Give a cell's predictions: predicted, measured, and the ratio of the two."""
    predicted = measured.predicted
    assert predicted is not None
    pairs = [
        (predicted.requests, measured.requests_a_second, "{:.0f}"),
        (predicted.bytes / 1000, measured.bytes_a_second / 1000, "{:.1f}"),
        (predicted.mean_delay_ms, measured.delivery.mean_ms, "{:.1f}"),
        (predicted.cpu * 100, measured.cpu * 100, "{:.2f}"),
    ]
    return measured, [
        (form.format(expected), form.format(got), f"{got / expected:.2f}" if expected else "–")
        for expected, got, form in pairs
    ]
