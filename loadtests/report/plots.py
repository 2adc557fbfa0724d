"""Plots: which charts a run's cells make, and each one's sentence and table twin.

What the numbers say comes from findings.py, how lines look from charts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from loadtests.report import charts, findings
from loadtests.report.charts import Axis, Line, linear_axis, log_axis, rate_axis
from loadtests.report.findings import messages, milliseconds
from loadtests.results.case_result import Measured, percent
from loadtests.results.plan import LABELS
from loadtests.results.results import Results

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


def all_charts(results: Results, cells: Sequence[Measured]) -> list[Chart]:
    """Give the charts that these cells, all with as many users, are enough for."""
    made = [ecdf(cells)]
    if len(results.plan.users) > 1:
        made += [users(results, findings.middle_rate(cells))]
    if len({m.cell.rate for m in cells}) > 1:
        made.append(processor(cells))
        made += [requests(results, cells)] if any(m.requests_a_delivery for m in cells) else []
        made.append(traffic(cells))
    return made + [held(m) for m in cells if m.cell.transport == "long-polling"][-1:]


def ecdf(cells: Sequence[Measured]) -> Chart:
    """Delivery: which share of the messages was there after how long."""
    rate = findings.middle_rate(cells)
    shown = [m for m in cells if m.cell.rate == rate]
    lines = [
        Line(m.cell.transport, m.label, curve(m), [(m.delivery.quantile_ms(0.5), 0.5)])
        for m in shown
    ]
    x = log_axis(
        "milliseconds after it was due", [ms for line in lines for ms, _ in line.points], _plain
    )
    y = linear_axis("share of deliveries that had arrived", 1.0, percent)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    rows = [[percent(q), *(milliseconds(m.delivery.quantile_ms(q)) for m in shown)] for q in shares]
    title = f"Delivery at {messages(rate)} a second"
    return _chart("ecdf", title, findings.delivery(cells, rate), lines, x, y, "share", rows)


def curve(measured: Measured) -> list[tuple[float, float]]:
    """Give a delivery histogram's curve in about ECDF_POINTS points, its ends included."""
    steps = list(measured.delivery.steps())
    points = [(steps[0][0], 0.0)]
    for ms, share in steps:
        if share - points[-1][1] >= 1 / ECDF_POINTS or share > 1 - FLAT:
            points.append((ms, share))
    return points


def processor(cells: Sequence[Measured]) -> Chart:
    """Server CPU against the message rate."""
    return _by_rate(
        "cpu",
        "Server CPU",
        findings.processor(cells),
        cells,
        lambda m: m.cpu * 100,
        "per cent of one core",
        lambda value: f"{value:.1f} %",
        _crossing_mark(cells, lambda m: m.cpu),
    )


def requests(results: Results, cells: Sequence[Measured]) -> Chart:
    """Requests a delivery against the message rate."""
    asking = [m for m in cells if m.requests_a_delivery > 0]
    sentence = f"{findings.requests(results, cells)} What is pushed needs none.".lstrip()
    mark = _crossing_mark(cells, lambda m: m.requests_a_delivery)
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


def traffic(cells: Sequence[Measured]) -> Chart:
    """Bytes a delivery against the message rate, both ways together."""
    return _by_rate(
        "bytes",
        "Bytes a delivery",
        findings.traffic(cells),
        cells,
        lambda m: m.bytes_a_delivery,
        "bytes a delivery, both ways",
        lambda value: f"{value:,.0f}",
        None,
    )


def held(measured: Measured) -> Chart:
    """Held requests over time."""
    points = [(float(at), float(count)) for at, count in measured.said["held"]]
    lines = [Line(measured.cell.transport, measured.label, points, [])]
    x = linear_axis("seconds", max(at for at, _ in points) or 1.0, _plain)
    y = linear_axis("held requests", max(1.0, *(count for _, count in points)), _plain)
    rows = [[f"{at:.1f} s", f"{count:.0f}"] for at, count in points]
    title = f"Held requests at {messages(measured.cell.rate)} a second"
    return _chart("held", title, findings.held(measured), lines, x, y, "time", rows)


def users(results: Results, rate: float) -> Chart:
    """Delivery's 95th percentile against the number of users, at one rate: where is the knee?"""
    cells = [m for m in results.cells if m.trusted and m.cell.rate == rate]
    kinds = list(dict.fromkeys(m.cell.transport for m in cells))
    found = {
        kind: [(m.cell.users, _p95(m)) for m in cells if m.cell.transport == kind] for kind in kinds
    }
    lines = [Line(kind, LABELS[kind], found[kind], found[kind]) for kind in kinds]
    counts = sorted({m.cell.users for m in cells})
    x = rate_axis("users", counts)
    y = log_axis("milliseconds, 95th percentile", [_p95(m) for m in cells], _plain)
    told = {(m.cell.transport, m.cell.users): milliseconds(_p95(m)) for m in cells}
    rows = [[str(n), *(told.get((kind, n), "–") for kind in kinds)] for n in counts]
    title = f"Delivery by users, at {messages(rate)} a second"
    return _chart("users", title, findings.users(cells), lines, x, y, "users", rows)


def _p95(measured: Measured) -> float:
    return measured.delivery.quantile_ms(0.95)


def _by_rate(
    key: str,
    title: str,
    sentence: str,
    cells: Sequence[Measured],
    value: findings.Value,
    unit: str,
    write: Callable[[float], str],
    mark: tuple[float, str] | None,
) -> Chart:
    kinds = list(dict.fromkeys(m.cell.transport for m in cells))
    found = {kind: findings.line(cells, kind, value) for kind in kinds}
    lines = [Line(kind, LABELS[kind], found[kind], found[kind]) for kind in kinds]
    rates = sorted({m.cell.rate for m in cells})
    y = log_axis(unit, [max(v, 1e-3) for points in found.values() for _, v in points], _plain)
    told = {(m.cell.transport, m.cell.rate): write(value(m)) for m in cells}
    rows = [[f"{rate:g}", *(told.get((kind, rate), "–") for kind in kinds)] for rate in rates]
    return _chart(
        key, title, sentence, lines, rate_axis("messages a second", rates), y, "msg/s", rows, mark
    )


def _crossing_mark(cells: Sequence[Measured], value: findings.Value) -> tuple[float, str] | None:
    short, long = (findings.line(cells, kind, value) for kind in ("short-polling", "long-polling"))
    at = findings.crossing(short, long)
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
