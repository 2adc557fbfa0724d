"""Comparison: every cell of a plan, one after the other, each on a fresh server with a fresh Locust.

Nothing here draws or prints: a caller is told each step, and gets the results, also of a run that was interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from loadtests.client.inspection import Looks, NotTheChat
from loadtests.comparison.calibration import Bench
from loadtests.comparison.locust_process import generate
from loadtests.comparison.machine import describe
from loadtests.comparison.progress import Step
from loadtests.comparison.server import FreshServer
from loadtests.results.plan import Cell, Plan
from loadtests.results.results import Results

CELL_OVERHEAD_SECONDS = (
    4.5  # to start, to catch up and to drain, on the machine this was written on
)
CALIBRATION_SECONDS = 4.0


class Unserved(Exception):
    """The server has no such transport; the text says which it has."""


Tell = Callable[[Step], None]


def compare(plan: Plan, tell: Tell, url: str | None = None) -> Results:
    """Measure a plan's cells; without `url`, on servers of our own.

    A KeyboardInterrupt ends it early: the results say so. Raises: Unserved, calibration.Refused, looks.NotTheChat,
    server.NotStarted, OSError – all before the first cell.
    """
    pace = Pace(plan)
    tell(pace.step("starting a server"))
    results = Results(plan, describe(), datetime.now(UTC).isoformat(timespec="seconds"))
    try:
        _calibrate(results, tell, pace, url)
        for cell in results.plan.turns():
            tell(pace.step(f"{cell.transport}, {cell.rate:g} msg/s, {cell.users} users"))
            results.said.append((cell, _measure(cell, results.plan, url, len(results.said))))
            pace.done(cell)
    except KeyboardInterrupt:
        results.interrupted = True
    tell(pace.step("done" if not results.interrupted else "interrupted"))
    return results


def _calibrate(results: Results, tell: Tell, pace: Pace, url: str | None) -> None:
    with _served(url) as address:
        served = Looks(address).look().numbers["transports"]
        results.plan = _possible(results.plan, served)
        pace.plan = results.plan
        tell(pace.step("calibrating the model"))
        bench = Bench(address, f"load-{_run_name()}-c")
        try:
            results.costs = {
                transport: bench.measure(transport) for transport in results.plan.transports
            }
        finally:
            bench.close()
    pace.calibrated()


def _possible(plan: Plan, served: list[str]) -> Plan:
    """Leave out server-sent events where the server hasn't them; any other that it hasn't is an error."""
    wanted = tuple(t for t in plan.transports if t in served or t != "server-sent-events")
    unserved = [transport for transport in wanted if transport not in served]
    if unserved or not wanted:
        raise Unserved(
            f"the server has no {(unserved or plan.transports)[0]}, only {', '.join(served)}"
        )
    return replace(plan, transports=wanted)


def _measure(cell: Cell, plan: Plan, url: str | None, number: int) -> dict[str, Any]:
    with _served(url) as address:
        said = generate(cell, plan, address, f"load-{_run_name()}-{number}")
        if "problem" in said:
            with _no_server_explains(said, address):
                Looks(address).look()
        return said


@contextmanager
def _no_server_explains(said: dict[str, Any], address: str) -> Iterator[None]:
    """When the server is gone, that is what went wrong."""
    try:
        yield
    except NotTheChat:
        said["problem"] = f"the server at {address} died"


@contextmanager
def _served(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with FreshServer() as server:
        yield server.url


def _run_name() -> str:
    """Name a room that nobody has been in: a server that runs elsewhere remembers the last run."""
    return f"{time.time_ns():x}"


class Pace:
    """Knows how far a run is, and guesses how long the rest takes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._done: list[Cell] = []
        self._calibrating = CALIBRATION_SECONDS
        self._overhead = CELL_OVERHEAD_SECONDS
        self._began = time.monotonic()

    def calibrated(self) -> None:
        """Go on to the cells."""
        self._calibrating = 0.0
        self._began = time.monotonic()

    def done(self, cell: Cell) -> None:
        """Note one more cell, and learn from how long it took."""
        self._done.append(cell)
        windows = sum(self._planned(cell) for cell in self._done)
        self._overhead = (time.monotonic() - self._began - windows) / len(self._done)

    def step(self, now: str) -> Step:
        """Give where the run is."""
        turns = self.plan.turns()
        left = sum(self._planned(cell) + self._overhead for cell in turns[len(self._done) :])
        return Step(len(self._done), len(turns), now, round(left + self._calibrating, 1))

    def _planned(self, cell: Cell) -> float:
        return self.plan.window_seconds(cell) + self.plan.warm_up
