"""The benchmark's page: what `python -m loadtests fanout` measured last on this machine, as bars and as tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment

from loadtests.benchmarks.table import FILE, HEADINGS, number
from loadtests.results.files import FOLDER
from tutorial.site.pages import Page, SiteHandler, make_environment

BENCHMARK = Page("/benchmark", "The benchmark", "benchmark.html")


def figures(lines: list[dict[str, Any]]) -> list[str]:
    """Return the figures that at least one server of a row has."""
    return [name for name in HEADINGS if any(line["median"][name] is not None for line in lines)]


class BenchmarkHandler(SiteHandler):
    """`GET /benchmark` → the last run's rows; without one, how to start it."""

    def initialize(self, environment: Environment, page: Page, **shared: Any) -> None:
        super().initialize(environment, page)
        self._file: Path = shared["folder"] / FILE

    def get(self) -> None:
        content = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {"rows": []}
        words = {"headings": HEADINGS, "number": number, "figures": figures}
        self.show(self.page.template, page=self.page, run=content, **words)

    head = get


def routes(folder: Path = FOLDER) -> list[tuple[Any, ...]]:
    """Return the page's address, for the application to serve beside the chat."""
    shown = {"environment": make_environment(), "page": BENCHMARK, "folder": folder}
    return [(BENCHMARK.path, BenchmarkHandler, shown)]
