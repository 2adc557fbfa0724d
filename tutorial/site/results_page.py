"""Results: the last comparison of the transports on this machine, and the way to start one.

A comparison is `python -m loadtests` in a process of its own, with servers of its own: it measures them and not the
one that shows this page. One runs at a time, and its progress is shown, whether this page or a terminal has started it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import Environment

from loadtests.comparison.progress import Step, progress
from loadtests.results.files import FOLDER, REPORT
from transports.chat import Chat
from transports.handler import Handler
from transports.refusals import Refused
from transports.wire import to_json
from tutorial.site.local_only import LocalHandler
from tutorial.site.pages import RESULTS, Page, SiteHandler, make_environment

KINDS = {"quick": ["--quick"], "full": []}
# The report carries its styles in itself: it is one file, to be sent. Our page may frame it; it may do nothing.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


class Comparison:
    """The comparison that this server has started, if any, and how its last one ended."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.failure = ""  # the last line of a comparison that failed
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def step(self) -> Step | None:
        """How far the running comparison is; None when none runs."""
        if (step := progress(self.folder)) is not None:
            return step
        return Step(0, 1, "starting", 0.0) if self._process is not None else None

    async def start(self, kind: str) -> None:
        """Start a comparison. Raises: Refused, while one runs."""
        if self.step is not None:
            raise Refused(409, "a comparison is running: wait until it ends, or stop it")
        command = ["-m", "loadtests", *KINDS[kind], f"--results={self.folder}"]
        self.failure = ""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, process_group=0
        )
        self._watching = asyncio.create_task(self._watch(self._process))

    async def _watch(self, process: Process) -> None:
        output, _ = await process.communicate()
        lines = output.decode(errors="replace").split("\n")
        if process.returncode not in (0, 130):
            self.failure = next((line for line in reversed(lines) if line.strip()), "it failed")
        self._process = None

    async def stop(self) -> None:
        """End the comparison that this server has started; what was measured is kept."""
        if self._process is not None and self._watching is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            await self._watching


class ResultsPage(SiteHandler):
    """`GET /results` → the last comparison, and a button."""

    def initialize(self, environment: Environment, page: Page, **shared: Any) -> None:
        super().initialize(environment, page)
        self._comparison: Comparison = shared["comparison"]

    def get(self) -> None:
        report = self._comparison.folder / REPORT
        version = report.stat().st_mtime_ns if report.exists() else None
        words = {
            "step": self._comparison.step,
            "failure": self._comparison.failure,
            "report": version,
        }
        self.show(self.page.template, page=self.page, **words)

    head = get


class ReportHandler(Handler):
    """`GET /results/report` → the report, as one file."""

    transport = "site"

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._comparison: Comparison = shared["comparison"]

    def get(self) -> None:
        report = self._comparison.folder / REPORT
        if not report.exists():
            raise Refused(404, "nothing has been compared yet: run python -m loadtests")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", REPORT_POLICY)
        self.finish(report.read_bytes())

    head = get


class ProgressHandler(Handler):
    """`GET /results/progress` → how far the running comparison is."""

    transport = "site"

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._comparison: Comparison = shared["comparison"]

    def get(self) -> None:
        step = self._comparison.step
        state = {"step": step and step.to_json(), "failure": self._comparison.failure}
        self.finish(to_json(state))

    head = get


class ComparisonHandler(LocalHandler):
    """`POST /results/{quick|full|stop}` starts a comparison, or ends it; then back to the page."""

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._comparison: Comparison = shared["comparison"]

    async def post(self, what: str) -> None:
        if what == "stop":
            await self._comparison.stop()
        else:
            await self._comparison.start(what)
        self.redirect("/results", status=303)


def routes(chat: Chat, comparison: Comparison) -> list[tuple[Any, ...]]:
    """Return the addresses of the results, for the application to serve beside the chat."""
    shared = {"chat": chat, "comparison": comparison}
    shown = {"environment": make_environment(), "page": RESULTS, "comparison": comparison}
    return [
        (r"/results", ResultsPage, shown),
        (r"/results/report", ReportHandler, shared),
        (r"/results/progress", ProgressHandler, shared),
        (r"/results/(quick|full|stop)", ComparisonHandler, shared),
    ]
