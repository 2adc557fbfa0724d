"""Ask for a recommendation for workloads on machines that are made up, then on this one.

The right answer is computed here, from the same numbers. Several workloads come in pairs in which one
number differs, and with it the transport.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tutorial.book.measured_numbers import Results
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_RULE = "The rule"
READ_COST = "What it costs, on your machine"
READ_NETWORK = "What is in between"

SIMPLEST_FIRST = ("short-polling", "server-sent-events", "long-polling", "websocket")
BLOCKED: dict[str, tuple[str, ...]] = {
    "open": (),
    "buffers": ("server-sent-events",),
    "no-hold": SIMPLEST_FIRST[1:],
}
USUAL = {"poll": 200e-6, "held_poll": 220e-6, "push": 10e-6}
BUSY_PUSH = {"poll": 200e-6, "held_poll": 150e-6, "push": 400e-6}
SLOW = {"poll": 1e-3, "held_poll": 1.1e-3, "push": 50e-6}


@dataclass(frozen=True)
class Case:
    """A workload on a machine, and what is right for it."""

    rate: float
    staleness: float
    readers: int
    network: str
    cores: float
    machine: dict[str, float]

    @property
    def workload(self) -> dict[str, Any]:
        """What the learner's `Workload` is made of."""
        return {name: value for name, value in asdict(self).items() if name != "machine"}

    def used(self) -> dict[str, float]:
        """Return the cores that each transport takes."""
        poll, held, push = (self.machine[name] for name in ("poll", "held_poll", "push"))
        by_message = self.readers * self.rate
        return {
            "short-polling": self.readers / self.staleness * poll,
            "server-sent-events": by_message * push,
            "long-polling": by_message * held,
            "websocket": by_message * push,
        }

    def right(self) -> tuple[str, dict[str, str]]:
        """Return the transport to take, and why none of the simpler ones."""
        used, blocked = self.used(), BLOCKED[self.network]
        passing = [name for name in SIMPLEST_FIRST if name not in blocked]
        cheap = [name for name in passing if used[name] <= self.cores]
        taken = cheap[0] if cheap else min(passing, key=lambda name: used[name])
        simpler = SIMPLEST_FIRST[: SIMPLEST_FIRST.index(taken)]
        return taken, {name: "network" if name in blocked else "processor" for name in simpler}

    def events(self) -> list[Event]:
        """Return the question, and what each transport takes, as a timeline shows it."""
        asked = (
            f"{self.readers} readers, {self.rate:g} messages a second to each, at most "
            f"{self.staleness:g} s old, network “{self.network}”, {self.cores:g} cores"
        )
        costs = ", ".join(f"{name} {value * 1e6:.3g} µs" for name, value in self.machine.items())
        used = [f"{name} takes {cores:.3g} cores" for name, cores in self.used().items()]
        return [Event(None, text) for text in (asked, f"measured: {costs}", *used)]


MADE_UP = (
    Case(0.1, 60, 1000, "open", 0.1, USUAL),
    Case(0.1, 1, 1000, "open", 0.1, USUAL),  # fresher: polls come more often
    Case(0.1, 60, 100_000, "open", 0.2, USUAL),  # more readers
    Case(20, 5, 1000, "open", 0.1, USUAL),  # a busy room: polls come back full
    Case(0.05, 1, 1000, "buffers", 0.1, USUAL),
    Case(2, 1, 1000, "buffers", 0.1, USUAL),
    Case(2, 1, 1000, "no-hold", 0.1, USUAL),
    Case(0.1, 1, 2000, "open", 0.05, BUSY_PUSH),  # long polls cost less than pushes here
    Case(1, 1, 1000, "open", 0.3, USUAL),
    Case(1, 1, 1000, "open", 0.3, SLOW),  # the same on a slower machine
    Case(50, 0.1, 10_000, "buffers", 0.5, USUAL),  # nothing is cheap enough: the cheapest
    Case(50, 5, 10_000, "open", 0.3, USUAL),  # nothing is, and short polling is the cheapest
)


def drive(learner: dict[str, Any], report: Callable[[dict[str, Any]], None], asked: str) -> None:
    """Ask the learner's `recommend` each question."""
    for question in json.loads(asked):
        measured = learner["Measured"](**question.pop("machine"))
        taken, why_not = learner["recommend"](learner["Workload"](**question), measured)
        reasons = {str(name): str(reason) for name, reason in dict(why_not).items()}
        report({"taken": str(taken), "why_not": reasons})


async def check(path: Path) -> str:
    """Return how many workloads were right, and what is recommended for one on this machine."""
    here = Case(0.1, 5, 10_000, "open", 0.1, _this_machine())
    cases = (*MADE_UP, here)
    async with driven(path, __file__, json.dumps([asdict(case) for case in cases])) as program:
        answers = [answer async for answer in program.records()]
    for case, answer in zip(cases, answers, strict=True):
        _judge(case, answer["taken"], answer["why_not"])
    taken, cores = here.right()[0], here.used()
    return (
        f"{len(MADE_UP)} workloads. On this machine, 10 000 readers with a message each 10 s take "
        f"{cores[taken]:.2g} cores over {taken}, and {cores['short-polling']:.2g} over short polling"
    )


def _this_machine() -> dict[str, float]:
    results = Results()
    names = {"poll": "short_polling", "held_poll": "long_polling", "push": "websocket"}
    return {name: results.value(f"costs.{stem}_us") / 1e6 for name, stem in names.items()}


def _judge(case: Case, taken: str, why_not: dict[str, str]) -> None:
    right, reasons = case.right()
    if taken != right:
        read = READ_NETWORK if taken in BLOCKED[case.network] else READ_COST
        if taken in SIMPLEST_FIRST and case.used()[taken] == case.used()[right]:
            read = READ_RULE
        raise Failure(f"“{right}”", f"“{taken}”", read=read, timeline=case.events())
    if why_not != reasons:
        expected = f"“{right}”, and {_in_words(reasons)}"
        raise Failure(expected, _in_words(why_not), read=READ_RULE, timeline=case.events())


def _in_words(reasons: dict[str, str]) -> str:
    if not reasons:
        return "nothing against any simpler one"
    return ", ".join(f"{name}: “{reason}”" for name, reason in reasons.items())
