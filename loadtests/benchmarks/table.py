"""Table: the benchmark's rows for a terminal, and as JSON for the site's page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from loadtests.benchmarks.samples import FIGURES, Measured, Standing
from loadtests.comparison.machine import describe
from loadtests.results.files import FOLDER, replace

FILE = "benchmark.json"
SHIPPED = Path(__file__).with_name("shipped")  # the run that comes with the project
HEADINGS = {
    "deliveries_a_second": "deliveries/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "loop_lag_ms": "lag ms",
    "lost": "lost",
    "load_busy": "load busy",
}


def text(measured: Measured) -> str:
    """Return a row with its headings, and what it means."""
    row = measured.row
    shown = [name for name in FIGURES if any(_has(line, name) for line in measured.lines)]
    headings = [f"{HEADINGS[name]:>13}" for name in shown]
    first = f"  {'':<20} {row.unit:>9} {'spread':>17} {'ours to it':>10} {'bound':>8}"
    lines = [_line(line, shown, row.at_least) for line in measured.lines]
    problems = [f"  not measured: {problem}" for problem in measured.problems]
    return "\n".join([row.title, f"  {row.meaning}", first + "".join(headings), *lines, *problems])


def _line(line: Standing, shown: list[str], at_least: bool) -> str:
    ratio = "" if line.ratio is None else f"{line.ratio:.2f} ×"
    bound = "" if line.bound is None else f"{'≥' if at_least else '≤'} {line.bound:g}"
    spread = f"{number(line.least)} to {number(line.most)}"
    figures = "".join(f"{number(getattr(line.median, name)):>13}" for name in shown)
    middle = number(line.median.value)
    return f"  {line.name:<20} {middle:>9} {spread:>17} {ratio:>10} {bound:>8}{figures}"


def number(value: float | None) -> str:
    """Return three digits of a number, or all that stand before its point."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def save(rows: list[Measured], folder: Path = FOLDER) -> None:
    """Write what was measured, for the site's page."""
    when = datetime.now(UTC).isoformat(timespec="minutes")
    content = {"when": when, "machine": describe(), "rows": [asdict(row) for row in rows]}
    replace(folder / FILE, json.dumps(content, ensure_ascii=False, indent=1))


def _has(line: Standing, name: str) -> bool:
    return getattr(line.median, name) is not None


def missed(rows: list[Measured]) -> Iterator[str]:
    """Yield a sentence for each bound that wasn't reached."""
    for measured in rows:
        for line in measured.lines:
            value = line.median.value if line.ratio is None else line.ratio
            if line.bound is not None and (value > line.bound) != measured.row.at_least:
                yield f"{measured.row.name}, {line.name}: {number(value)}, bound {line.bound:g}"
