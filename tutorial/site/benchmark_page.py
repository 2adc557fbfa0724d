"""The benchmark's page: what `python -m loadtests fanout` measured last on this machine, as bars and as tables.

Until it has run here, the page shows the run that comes with the project.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment

from loadtests.benchmarks.table import FILE, HEADINGS, SHIPPED, number
from loadtests.results.files import FOLDER
from tutorial.site.pages import Page, SiteHandler, make_environment

BENCHMARK = Page("/benchmark", "The benchmark", "benchmark.html")


def figures(lines: list[dict[str, Any]]) -> list[str]:
    """Return the figures that at least one server of a row has."""
    return [name for name in HEADINGS if any(line["median"][name] is not None for line in lines)]


class BenchmarkHandler(SiteHandler):
    """`GET /benchmark` → the rows of the last run."""

    def initialize(self, environment: Environment, page: Page, **shared: Any) -> None:
        super().initialize(environment, page)
        self._files: list[Path] = [folder / FILE for folder in shared["folders"]]

    def get(self) -> None:
        found = next((file for file in self._files if file.exists()), None)
        content = json.loads(found.read_text("utf-8")) if found else {"rows": []}
        words = {"headings": HEADINGS, "number": number, "figures": figures}
        shipped = found == self._files[-1]
        self.show(self.page.template, page=self.page, run=content, shipped=shipped, **words)

    head = get


def routes(folder: Path = FOLDER, shipped: Path = SHIPPED) -> list[tuple[Any, ...]]:
    """Return the page's address, for the application to serve beside the chat."""
    shown = {"environment": make_environment(), "page": BENCHMARK, "folders": [folder, shipped]}
    return [(BENCHMARK.path, BenchmarkHandler, shown)]
