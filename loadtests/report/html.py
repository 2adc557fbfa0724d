"""Report: a run as one HTML file that needs nothing else – no script, no network, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.report import charts, findings, lines, predictions, terminal
from loadtests.report.plots import all_charts
from loadtests.results.case_result import CaseResult
from loadtests.results.results import Results
from loadtests.table import TRANSPORTS


def render(results: Results) -> str:
    """Return a run's report as one HTML document."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(context(results))


def context(results: Results) -> dict[str, Any]:
    """Return what the template shows; the site's own page uses it too."""
    users = results.plan.users[0]
    cases = lines.trusted(results, users)
    return {
        "results": results,
        "transports": TRANSPORTS,
        "users": users,
        "when": datetime.fromisoformat(results.started_at),
        "columns": terminal.COLUMNS,
        "rows": [(result, terminal.row(result)) for result in results.cases],
        "wrong": [(terminal.name(m), problem) for m in results.cases for problem in m.problems],
        "charts": list(all_charts(results, cases)) if cases else [],
        "found": _found(results, cases) if cases else [],
        "model": predictions.rows(results.cases),
        "shape": lambda kind: Markup(charts.shape(kind, TRANSPORTS[kind].shape)),
    }


def _found(results: Results, cases: Sequence[CaseResult]) -> list[str]:
    rate = lines.middle_rate(cases)
    said = [
        findings.delivery(cases, rate),
        findings.response_time(cases, rate),
        findings.first_event(cases, rate),
        findings.observed(cases, rate),
        predictions.delays(cases, rate),
        findings.limits(cases),
        findings.noise(cases),
        findings.spread(cases),
    ]
    return [sentence for sentence in said if sentence]
