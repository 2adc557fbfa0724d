"""Comparison: every case of a plan, one after the other, each on a fresh server with a fresh Locust.

Nothing here draws or prints: a caller is called with each step, and gets the results, also of a run that was
interrupted.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from loadtests.client.inspection import Inspector, NotTheChat
from loadtests.comparison import locust_process
from loadtests.comparison.calibration import calibrate
from loadtests.comparison.machine import describe
from loadtests.comparison.observer import Observer
from loadtests.comparison.pace import Pace
from loadtests.comparison.progress import Step
from loadtests.comparison.server import fresh_server
from loadtests.results.plan import Case, Plan
from loadtests.results.results import Results
from loadtests.results.window_result import Failed, Outcome, WindowResult

OPTIONAL = "server-sent-events"  # a server may lack it

OnStep = Callable[[Step], None]


class Unserved(Exception):
    """The server has no such transport; the text says which it has."""


def compare(plan: Plan, on_step: OnStep, url: str | None = None) -> Results:
    """Measure a plan's cases; without `url`, on servers of our own.

    A KeyboardInterrupt ends it early: the results say so. Raises: Unserved, calibration.Refused,
    inspection.NotTheChat, server.NotStarted, OSError – all before the first case.
    """
    pace = Pace(plan)
    on_step(pace.step("starting a server"))
    results = Results(plan, describe(), datetime.now(UTC).isoformat(timespec="seconds"))
    try:
        _calibrate(results, on_step, pace, url)
        for case in results.plan.turns():
            on_step(pace.step(f"{case.transport}, {case.rate:g} msg/s, {case.users} users"))
            results.windows.append((case, _measure(case, results, url)))
            pace.done(case)
    except KeyboardInterrupt:
        results.interrupted = True
    on_step(pace.step("interrupted" if results.interrupted else "done"))
    return results


def _calibrate(results: Results, on_step: OnStep, pace: Pace, url: str | None) -> None:
    with _served(url) as address:
        served = Inspector(address).inspect().numbers["transports"]
        results.plan = pace.plan = _possible(results.plan, served)
        on_step(pace.step("calibrating the model"))
        results.costs = calibrate(address, f"load-{_run_name()}-c", results.plan.transports)
    pace.calibrated()


def _possible(plan: Plan, served: list[str]) -> Plan:
    """Leave out the transport that is optional where the server lacks it; any other that it lacks is an error."""
    wanted = tuple(name for name in plan.transports if name in served or name != OPTIONAL)
    unserved = [name for name in wanted if name not in served]
    if unserved or not wanted:
        raise Unserved(
            f"the server has no {(unserved or plan.transports)[0]}, only {', '.join(served)}"
        )
    return dataclasses.replace(plan, transports=wanted)


def _measure(case: Case, results: Results, url: str | None) -> Outcome:
    room = f"load-{_run_name()}-{len(results.windows)}"
    with _served(url) as address:
        try:
            if results.plan.observer:
                outcome = _observed(case, results.plan, address, room)
            else:
                outcome = locust_process.measure(case, results.plan, address, room)
            if isinstance(outcome, Failed):
                Inspector(address).inspect()  # when the server is gone, that is what went wrong
        except NotTheChat:
            return Failed(f"the server at {address} died")
        return outcome


def _observed(case: Case, plan: Plan, address: str, room: str) -> Outcome:
    """Measure a window beside an observer's readers."""
    try:
        with Observer(case, plan, address, room) as observer:
            outcome = locust_process.measure(case, plan, address, room, observer.wait)
            if isinstance(outcome, WindowResult):
                observed = observer.observed(outcome.opened_at, outcome.published)
                return dataclasses.replace(outcome, observed=observed)
            return outcome
    except OSError as problem:
        return Failed(f"the observer can’t go on: {problem}")


@contextmanager
def _served(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with fresh_server() as server:
        yield server.url


def _run_name() -> str:
    """Return a name for a room that nobody has been in: a server that runs elsewhere remembers the last run."""
    return f"{time.time_ns():x}"
