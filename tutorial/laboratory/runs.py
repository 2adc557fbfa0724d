"""Runs: what a page may start on this machine, and gets line by line while it goes on.

The page chooses a row of a fixed table and a few numbers within bounds; no command and no code travels over HTTP. A
run is a process of its own, so that it measures the server and not itself; it ends with the request that started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from importlib import import_module
from secrets import token_hex
from typing import Any, cast

from tornado.iostream import StreamClosedError

from loadtests.table import TRANSPORTS
from transports.chat import Chat
from transports.refusals import Refused
from transports.wire import Unacceptable, parse_object, to_json
from tutorial.book.measured_numbers import YOURS
from tutorial.laboratory.disposable_server import PROJECT, project_first
from tutorial.site.local_only import LocalBodyHandler

SUITE = PROJECT / "tests" / "test_conformance.py"
LINE_BYTES = 1 << 20
# name: (least, most, default)
BOUNDS: dict[str, tuple[float, float, float]] = {
    "pollers": (1, 100, 30),
    "readers": (1, 100, 10),
    "interval": (0.1, 60, 1),
    "jitter": (0, 1, 0),
    "delay_ms": (0, 1000, 0),
    "seconds": (1, 120, 5),
    "seed": (0, 1e9, 1),
}
WHOLE = ("pollers", "readers", "seed")
# What a page may have measured anew: some of `python -m tutorial measure`, none longer than a minute.
MEASUREMENTS = ("compression", "costs", "gap", "held", "poll", "tables", "unread")
RATES_MOST = 12
RATE_MOST = 400.0
# The scripts that start servers of their own. What can be chosen, each from what, is the CHOICES of its module, which
# is imported when a page asks for it: with all that it needs, that is much for each start of a server.
SCRIPTS = {
    "shop": "tutorial.existing_app.rehearsal",
    "processes": "tutorial.laboratory.two_processes",
    "waiting": "tutorial.laboratory.waiting_cost",
    "answer": "tutorial.laboratory.answer_stream",
    "rest": "tutorial.laboratory.rest_factor",
    "slow-reader": "tutorial.laboratory.slow_reader",
    "busy-script": "tutorial.laboratory.busy_script",
    "attacks": "tutorial.counterexamples.attacks",
    "tables": "loadtests.experiments.response_time_against_delivery",
    "ramp": "loadtests.experiments.knee",
}
NAMES = ("herd", "rates", "suite", "measure", *SCRIPTS)


def reader_command(run: str, fields: dict[str, Any], port: int) -> list[str]:
    """Make the command of a reader run from what a page asked for. Raises: Unacceptable."""
    numbers: dict[str, Any] = {"run": run, "port": port, "room": f"run-{token_hex(4)}"}
    for name, (least, most, default) in BOUNDS.items():
        numbers[name] = _number(fields.get(name, default), name, least, most)
    numbers |= {name: int(numbers[name]) for name in WHOLE}
    numbers["rates"] = [_number(r, "rates", 0.05, RATE_MOST) for r in _few(fields, "rates", [1])]
    numbers["transports"] = [t for t in _few(fields, "transports", TRANSPORTS) if t in TRANSPORTS]
    return [sys.executable, "-m", "tutorial.laboratory.reader_runs", json.dumps(numbers)]


def _number(value: object, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Unacceptable(f"“{name}” must be a number from {least:g} to {most:g}")
    return value


def _few(fields: dict[str, Any], name: str, default: Any) -> list[Any]:
    value = fields.get(name, list(default))
    if not isinstance(value, list) or not 1 <= len(value) <= RATES_MOST:
        raise Unacceptable(f"“{name}” must be a list of 1 to {RATES_MOST}")
    return value


def script_command(run: str, fields: dict[str, Any]) -> list[str]:
    """Make the command of a script that starts servers of its own. Raises: Unacceptable."""
    module = SCRIPTS[run]
    choices: dict[str, tuple[str, ...]] = import_module(module).CHOICES
    for name, known in choices.items():
        if fields.get(name) not in known:
            raise Unacceptable(f"“{name}” must be one of {', '.join(known)}")
    return [sys.executable, "-m", module, json.dumps({name: fields[name] for name in choices})]


def measure_command(fields: dict[str, Any]) -> list[str]:
    """Make the command that takes some measurements, and keeps them for this reader. Raises: Unacceptable."""
    names = _few(fields, "names", [])
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        raise Unacceptable(f"there is no measurement {unknown[0]!r}")
    asked = json.dumps({"names": names, "keep": str(YOURS.absolute())})
    return [sys.executable, "-m", "tutorial.measurements.run", asked]


def suite_command() -> list[str]:
    """Make the command that runs the conformance suite. Raises: Refused, when it, or what it needs, is not here."""
    from tutorial.exercises.checking.suite import missing

    if not SUITE.exists():
        raise Refused(404, "the tests are not installed: start the tutorial from a clone")
    if what := missing():
        raise Refused(404, what)
    quiet = ["-p", "no:cacheprovider", "--color=no", "--tb=line", "-o", "addopts="]
    return [sys.executable, "-u", "-m", "pytest", "-v", *quiet, str(SUITE)]


async def lines_of(command: list[str], environment: dict[str, str]) -> AsyncGenerator[bytes, None]:
    """Run a command, and yield each line that it writes as JSON; close this to end the run, with all it started."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=PROJECT, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
        limit=LINE_BYTES, process_group=0,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            text = {"line": line.decode(errors="replace").rstrip()}
            yield line if line.startswith(b"{") else to_json(text) + b"\n"
        if await process.wait():
            yield to_json({"failed": process.returncode}) + b"\n"
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


class RunHandler(LocalBodyHandler):
    """`POST /runs/{herd|rates|suite|…}` `{numbers}` → what the run writes, line by line, as it comes.

    A run ends with its page, at whichever `await` that happens.
    """

    _run: asyncio.Task[Any] | None = None

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._running: set[asyncio.Task[Any]] = shared["running"]

    async def post(self, run: str) -> None:
        if self._running:
            raise Refused(503, "another experiment runs: wait until it ends", {"Retry-After": "5"})
        command = self._command(run, parse_object(self.body()))
        self._run = cast("asyncio.Task[Any]", asyncio.current_task())
        self._running.add(self._run)
        try:
            with suppress(StreamClosedError, asyncio.CancelledError):
                await self._pass_on(command)
        finally:
            self._running.discard(self._run)
            self._run = None

    async def _pass_on(self, command: list[str]) -> None:
        environment = project_first() | {
            "CHAT_PUBLISH_KEY": self.chat.publish_key or "",
            "PAGE_ORIGIN": self.request.headers.get("Origin", ""),
        }
        self.set_header("Content-Type", "application/x-ndjson")
        async with aclosing(lines_of(command, environment)) as lines:
            async for line in lines:
                self.write(line)
                await self.flush()
        self.finish()

    def _command(self, run: str, fields: dict[str, Any]) -> list[str]:
        if run == "suite":
            return suite_command()
        if run == "measure":
            return measure_command(fields)
        if run in SCRIPTS:
            return script_command(run, fields)
        self.chat.publish_key = self.chat.publish_key or token_hex(16)
        port: int = cast(Any, self.request.connection).stream.socket.getsockname()[1]
        return reader_command(run, fields, port)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._run is not None:
            self._run.cancel()
