"""Plots: which charts a run's cases make, and each one's sentence and table twin.

What the numbers say comes from findings.py, how lines look from charts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from markupsafe import Markup

from loadtests.report import charts, findings
from loadtests.report.charts import Axis, Line, linear_axis, log_axis, rate_axis
from loadtests.report.findings import messages, milliseconds
from loadtests.report.lines import Value, crossing, middle_rate
from loadtests.report.lines import line as line_of
from loadtests.results.case_result import CaseResult, percent
from loadtests.results.results import Results
from loadtests.table import TRANSPORTS

ECDF_POINTS = 60  # of a curve: enough for the eye
FLAT = 0.004  # at most so far may a point lie beside the curve that is drawn


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its sentence and its table: a row a point, a column a line."""

    key: str
    title: str
    sentence: str
    svg: Markup
    kinds: list[str]
    head: list[str]
    rows: list[list[str]]


def all_charts(results: Results, cases: Sequence[CaseResult]) -> list[Chart]:
    """Return the charts that these cases, all with as many users, are enough for."""
    made = [ecdf(cases)]
    if len(results.plan.users) > 1:
        made += [users(results, middle_rate(cases))]
    if len({m.case.rate for m in cases}) > 1:
        made.append(processor(cases))
        made += [requests(results, cases)] if any(m.requests_a_delivery for m in cases) else []
        made.append(traffic(cases))
    return made + [held(m) for m in cases if m.case.transport == "long-polling"][-1:]


def ecdf(cases: Sequence[CaseResult]) -> Chart:
    """Delivery: which share of the messages was there after how long."""
    rate = middle_rate(cases)
    shown = [m for m in cases if m.case.rate == rate]
    lines = [_line(m.case.transport, curve(m), [(m.delivery.quantile_ms(0.5), 0.5)]) for m in shown]
    x = log_axis(
        "milliseconds after it was due", [ms for line in lines for ms, _ in line.points], _plain
    )
    y = linear_axis("share of deliveries that had arrived", 1.0, percent)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    rows = [[percent(q), *(milliseconds(m.delivery.quantile_ms(q)) for m in shown)] for q in shares]
    title = f"Delivery at {messages(rate)} a second"
    return _chart("ecdf", title, findings.delivery(cases, rate), lines, x, y, "share", rows)


def curve(result: CaseResult) -> list[tuple[float, float]]:
    """Return a delivery histogram's curve in about ECDF_POINTS points, its ends included."""
    steps = list(result.delivery.steps())
    points = [(steps[0][0], 0.0)]
    for ms, share in steps:
        if share - points[-1][1] >= 1 / ECDF_POINTS or share > 1 - FLAT:
            points.append((ms, share))
    return points


def processor(cases: Sequence[CaseResult]) -> Chart:
    """Server CPU against the message rate."""
    return _by_rate(
        "cpu",
        "Server CPU",
        findings.processor(cases),
        cases,
        lambda m: m.cpu * 100,
        "per cent of one core",
        lambda value: f"{value:.1f} %",
        _crossing_mark(cases, lambda m: m.cpu),
    )


def requests(results: Results, cases: Sequence[CaseResult]) -> Chart:
    """Requests a delivery against the message rate."""
    asking = [m for m in cases if m.requests_a_delivery > 0]
    sentence = f"{findings.requests(results, cases)} What is pushed needs none.".lstrip()
    mark = _crossing_mark(cases, lambda m: m.requests_a_delivery)
    return _by_rate(
        "requests",
        "Requests a delivery",
        sentence,
        asking,
        lambda m: m.requests_a_delivery,
        "requests a delivery",
        lambda value: f"{value:.2f}",
        mark,
    )


def traffic(cases: Sequence[CaseResult]) -> Chart:
    """Bytes a delivery against the message rate, both ways together."""
    sentence, unit = findings.traffic(cases), "bytes a delivery, both ways"
    value, write = attrgetter("bytes_a_delivery"), "{:,.0f}".format
    return _by_rate("bytes", "Bytes a delivery", sentence, cases, value, unit, write)


def held(result: CaseResult) -> Chart:
    """Held requests over time."""
    points = [(float(at), float(count)) for at, count in result.window.held]
    lines = [_line(result.case.transport, points, [])]
    x = linear_axis("seconds", max(at for at, _ in points) or 1.0, _plain)
    y = linear_axis("held requests", max(1.0, *(count for _, count in points)), _plain)
    rows = [[f"{at:.1f} s", f"{count:.0f}"] for at, count in points]
    title = f"Held requests at {messages(result.case.rate)} a second"
    return _chart("held", title, findings.held(result), lines, x, y, "time", rows)


def users(results: Results, rate: float) -> Chart:
    """Delivery's 95th percentile against the number of users, at one rate: where is the knee?"""
    cases = [m for m in results.cases if m.trusted and m.case.rate == rate]
    kinds = list(dict.fromkeys(m.case.transport for m in cases))
    found = {
        kind: [(m.case.users, _p95(m)) for m in cases if m.case.transport == kind] for kind in kinds
    }
    lines = [_line(kind, found[kind], found[kind]) for kind in kinds]
    counts = sorted({m.case.users for m in cases})
    x = rate_axis("users", counts)
    y = log_axis("milliseconds, 95th percentile", [_p95(m) for m in cases], _plain)
    said = {(m.case.transport, m.case.users): milliseconds(_p95(m)) for m in cases}
    rows = [[str(n), *(said.get((kind, n), "–") for kind in kinds)] for n in counts]
    title = f"Delivery by users, at {messages(rate)} a second"
    return _chart("users", title, findings.users(cases), lines, x, y, "users", rows)


def _line(transport: str, points: Sequence[charts.Point], marked: Sequence[charts.Point]) -> Line:
    row = TRANSPORTS[transport]
    return Line(row.name, row.shape, row.label, points, marked)


def _p95(result: CaseResult) -> float:
    return result.delivery.quantile_ms(0.95)


def _by_rate(
    key: str,
    title: str,
    sentence: str,
    cases: Sequence[CaseResult],
    value: Value,
    unit: str,
    write: Callable[[float], str],
    mark: tuple[float, str] | None = None,
) -> Chart:
    kinds = list(dict.fromkeys(m.case.transport for m in cases))
    found = {kind: line_of(cases, kind, value) for kind in kinds}
    lines = [_line(kind, found[kind], found[kind]) for kind in kinds]
    rates = sorted({m.case.rate for m in cases})
    y = log_axis(unit, [max(v, 1e-3) for points in found.values() for _, v in points], _plain)
    said = {(m.case.transport, m.case.rate): write(value(m)) for m in cases}
    rows = [[f"{rate:g}", *(said.get((kind, rate), "–") for kind in kinds)] for rate in rates]
    return _chart(
        key, title, sentence, lines, rate_axis("messages a second", rates), y, "msg/s", rows, mark
    )


def _crossing_mark(cases: Sequence[CaseResult], value: Value) -> tuple[float, str] | None:
    short, long = (line_of(cases, kind, value) for kind in ("short-polling", "long-polling"))
    at = crossing(short, long)
    return (at, f"equal at {at:.2g}") if at else None


def _chart(
    key: str,
    title: str,
    sentence: str,
    lines: Sequence[Line],
    x: Axis,
    y: Axis,
    first: str,
    rows: list[list[str]],
    mark: tuple[float, str] | None = None,
) -> Chart:
    svg = Markup(charts.draw(key, f"{title}. {sentence}", lines, x, y, mark))
    kinds = [line.kind for line in lines]
    return Chart(key, title, sentence, svg, kinds, [first, *(line.label for line in lines)], rows)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"
