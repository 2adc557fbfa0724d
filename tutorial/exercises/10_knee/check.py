"""Ask for the knee of machines that are made up, then compare this one with a measurement."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.comparison.server import fresh_server
from loadtests.experiments.knee import KneeSearch
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_WORK = "What one reader costs"
READ_FIRST = "What breaks first"

FACTOR = 2.0
READERS: dict[str, tuple[int, ...]] = {
    "long-polling": (20, 40, 80),
    "websocket": (100, 250, 500),
}  # the first to warm up
STEP_SECONDS = 1.0
RATE = 10.0
INTERVAL = 1.0
TRIES = 2
NOISE = 1.8  # a reader's cost in one step and in the next may differ by this, and not by more


@dataclass(frozen=True)
class Case:
    """A question to `knee`, and the answer."""

    transport: str
    rate: float
    interval: float
    machine: dict[str, float]
    readers: float
    resource: str

    def __str__(self) -> str:
        return (
            f"{self.transport}, {self.rate:g} messages a second, a poll every {self.interval:g} s"
        )


def _machine(memory_mb: float = 4000, descriptors: float = 100_000, slow: float = 1) -> Any:
    return {
        "poll_cpu": slow * 130e-6,
        "held_poll_cpu": slow * 170e-6,
        "push_cpu": slow * 6e-6,
        "reader_bytes": 18_000,
        "memory_bytes": memory_mb * 1e6,
        "descriptors": descriptors,
    }


CASES = (
    Case("short-polling", 1, 1, _machine(), 7692, "processor"),
    Case("short-polling", 100, 1, _machine(), 7692, "processor"),
    Case("short-polling", 1, 0.2, _machine(), 1538, "processor"),
    Case("long-polling", 1, 1, _machine(), 5882, "processor"),
    Case("long-polling", 20, 1, _machine(), 294, "processor"),
    Case("long-polling", 20, 9, _machine(slow=4), 73.5, "processor"),
    Case("websocket", 50, 1, _machine(), 3333, "processor"),
    Case("websocket", 0.1, 1, _machine(descriptors=1024), 1024, "descriptors"),
    Case("long-polling", 0.01, 1, _machine(descriptors=1024), 1024, "descriptors"),
    Case("short-polling", 1, 60, _machine(memory_mb=512), 28_444, "memory"),
    Case("websocket", 0.2, 1, _machine(memory_mb=128), 7111, "memory"),
)


def drive(learner: dict[str, Any], report: Callable[[dict[str, Any]], None], asked: str) -> None:
    """Ask the learner's `knee` each question."""
    for question in json.loads(asked):
        machine = learner["Machine"](**question.pop("machine"))
        readers, resource = learner["knee"](machine=machine, **question)
        report({"readers": float(readers), "resource": str(resource)})


async def check(path: Path) -> str:
    """Return how far the predictions are from the right ones, and from what this machine measures."""
    await _ask(path, CASES)
    summary = f"{len(CASES)} machines, each within a factor of {FACTOR:g}"
    return (
        f"{summary}. On this one, which is no part of the verdict: {await _on_this_machine(path)}"
    )


async def _on_this_machine(path: Path) -> str:
    """Return how the learner's prediction compares with a measurement, if nothing disturbs that."""
    measured = await _this_machine()
    if not measured:
        return "other programs run, and the measurements contradict each other"
    answers = await _answers(path, measured)
    return "; ".join(
        f"{case.transport} at {RATE:g} messages a second measured {case.readers:.0f} readers, "
        f"you say {answer['readers']:.0f}"
        for case, answer in zip(measured, answers, strict=True)
    )


async def _ask(path: Path, cases: tuple[Case, ...]) -> list[float]:
    """Return by which factor each answer is off. Raises: Failure."""
    return [
        _factor(case, answer)
        for case, answer in zip(cases, await _answers(path, cases), strict=True)
    ]


async def _answers(path: Path, cases: tuple[Case, ...]) -> list[dict[str, Any]]:
    """Return what the learner's `knee` answers."""
    names = ("transport", "rate", "interval", "machine")
    asked = json.dumps([{name: asdict(case)[name] for name in names} for case in cases])
    async with driven(path, __file__, asked) as program:
        return [answer async for answer in program.records()]


def _factor(case: Case, answer: dict[str, Any]) -> float:
    costs = [Event(None, f"machine.{name} is {value:.3g}") for name, value in case.machine.items()]
    if answer["resource"] != case.resource:
        expected = f"“{case.resource}” runs out first ({case})"
        raise Failure(expected, f"“{answer['resource']}”", read=READ_FIRST, timeline=costs)
    factor = max(answer["readers"], 1e-9) / case.readers
    if not 1 / FACTOR <= factor <= FACTOR:
        expected = f"a knee within a factor of {FACTOR:g} of {case.readers:.0f} readers ({case})"
        raise Failure(expected, f"{answer['readers']:.0f}", read=READ_WORK, timeline=costs)
    return float(max(factor, 1 / factor))


async def _this_machine() -> tuple[Case, ...]:
    """Measure what things cost here, and where the knee is; nothing, when other programs disturb."""

    def measured() -> list[Case | None]:
        with fresh_server() as server:
            return [_measured(server.url, transport) for transport in READERS]

    return tuple(case for case in await asyncio.to_thread(measured) if case)


def _measured(url: str, transport: str) -> Case | None:
    """Grow in steps: what things cost comes from an early one, the knee from the last.

    Nothing, when they contradict each other: other programs disturb.
    """
    for _ in range(TRIES):
        early, last = _shares(url, transport)
        if max(early, last) <= NOISE * min(early, last):
            name = "push_cpu" if transport == "websocket" else "held_poll_cpu"
            machine = _machine() | {name: early / RATE}
            return Case(transport, RATE, INTERVAL, machine, 1 / last, "processor")
    return None


def _shares(url: str, transport: str) -> list[float]:
    """Return a reader's share of a core in each of two steps, after one that warms up."""
    ramp = KneeSearch(url, transport, RATE)
    try:
        _, *steps = [ramp.step(readers, STEP_SECONDS) for readers in READERS[transport]]
    finally:
        ramp.close()
    return [step.cpu / step.readers for step in steps]
