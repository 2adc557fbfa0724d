"""Replay runs of three transports, whose truth the server knows, and read the learner's report of each."""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_TRUTH = "Measure what people feel"
READ_WARM_UP = "The first seconds lie too"
READ_LOSS = "What never comes has no delay"

READERS = 20
FIRST, LAST = 21, 140
MESSAGES = 150
RATE = 2.0
WAY_SECONDS = 0.002
INTERVAL_SECONDS = 1.0
WARM_UP_SECONDS = 0.8  # what each delivery of the warm-up takes more
FAULT_MS = 5.0
SEED = 9

Delivery = tuple[int, float]  # the message's id, and when it is there


@dataclass
class Fate:
    """What befalls a run: `dropped` and `doubled` are ids, `deaf` a reader that receives nothing.

    What is doubled comes once more with the reader's next answer.
    """

    name: str
    dropped: frozenset[int] = frozenset()
    doubled: frozenset[int] = frozenset()
    deaf: str = ""
    first: int = 1
    last: int = MESSAGES


FATES = (
    Fate("nothing goes wrong"),
    Fate("with a warm-up", first=FIRST, last=LAST),
    Fate("some are lost", frozenset({5, 30, 31, 90, 140, 145}), first=FIRST, last=LAST),
    Fate("lost and doubled", frozenset({40, 60}), frozenset({7, 50, 51, 70}), "", FIRST, LAST),
    Fate("one receives nothing", deaf="reader 3", first=FIRST, last=LAST),
)


@dataclass
class Run:
    """One run on one transport: it plays to a report, and keeps the truth."""

    transport: str
    fate: Fate
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    delays: list[float] = field(default_factory=list)
    example: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        at = there = 1.0
        self.sent, self.there = dict[int, float](), dict[int, float]()
        for id in range(1, MESSAGES + 1):
            at += self.chance.expovariate(RATE)
            cold = WARM_UP_SECONDS if id < FIRST and self.fate.first > 1 else 0.0
            self.sent[id] = at
            self.there[id] = there = max(there, at + cold)  # no message overtakes another
        self._times = list(self.there.values())

    def play(self, report: Any) -> None:
        """Pass all that happens to a report, in the order of time."""
        events = [event for number in range(READERS) for event in self._reader(f"reader {number}")]
        for at, reader, ids in sorted(events, key=lambda event: event[0]):
            if ids is None:
                report.asked(reader, at)
            else:
                report.received(reader, at, [self._message(id) for id in ids])

    def _message(self, id: int) -> dict[str, Any]:
        return {"id": id, "author": "ann", "text": "hi", "sent_at": self.sent[id]}

    def _reader(self, name: str) -> Iterator[tuple[float, str, list[int] | None]]:
        """Return what one reader does: (when, which reader, what it received; None when it asks)."""
        exchanges = {
            "short polling": self._polls, "long polling": self._holds, "WebSocket": self._pushes
        }[self.transport]  # fmt: skip
        again: list[int] = []
        for asked, at, ids in exchanges():
            if asked is not None:
                yield asked, name, None
                self._show(name, asked, f"{name} asks")
            received = [id for id in ids if name != self.fate.deaf and id not in self.fate.dropped]
            self._note(name, at, received)
            yield at, name, again + received
            again = [id for id in received if id in self.fate.doubled]

    def _note(self, name: str, at: float, ids: list[int]) -> None:
        for id in ids:
            self._show(name, self.sent[id], f"the room accepts message {id}")
            self._show(name, at, f"message {id} reaches {name}")
        window = range(self.fate.first, self.fate.last + 1)
        self.delays += [at - self.sent[id] for id in ids if id in window]

    def _show(self, name: str, at: float, text: str) -> None:
        if name == "reader 0":
            self.example.append((at, text))

    def _due(self, at: float, newest: int) -> list[int]:
        return list(range(newest + 1, bisect_right(self._times, at) + 1))

    def _polls(self) -> Iterator[tuple[float | None, float, list[int]]]:
        at, newest = self.chance.uniform(0, 1), 0
        while newest < MESSAGES:
            due = self._due(at, newest)
            newest = max(due, default=newest)
            yield at, at + WAY_SECONDS, due
            at += INTERVAL_SECONDS * self.chance.uniform(0.9, 1.1)

    def _holds(self) -> Iterator[tuple[float | None, float, list[int]]]:
        at, newest = self.chance.uniform(0, 1), 0
        while newest < MESSAGES:
            answered = max(at, self.there[newest + 1])
            due = self._due(answered, newest)
            newest = due[-1]
            yield at, answered + WAY_SECONDS, due
            at = answered + 2 * WAY_SECONDS

    def _pushes(self) -> Iterator[tuple[float | None, float, list[int]]]:
        yield None, self.chance.uniform(0, 1), []
        for id, there in self.there.items():
            yield None, there + WAY_SECONDS, [id]

    @property
    def lost(self) -> int:
        """How many deliveries of the window never came."""
        return READERS * (self.fate.last - self.fate.first + 1) - len(self.delays)

    def truth(self) -> dict[str, float]:
        """Return what a right report says."""
        ordered = sorted(self.delays)
        p95 = ordered[int(0.95 * len(ordered))]
        return {"mean_ms": mean(ordered) * 1000, "p95_ms": p95 * 1000, "lost": self.lost}


def drive(learner: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> None:
    """Play each run to a report of the learner's, and pass on what it says."""
    for fate in FATES:
        for transport in ("short polling", "long polling", "WebSocket"):
            run = Run(transport, fate)
            given = learner["Report"](fate.first, fate.last)
            run.play(given)
            reported = {name: float(value) for name, value in given.result().items()}
            example = sorted(run.example)[:6]
            facts = {"transport": transport, "fate": fate.name, "lost": run.lost}
            report(facts | {"reported": reported, "truth": run.truth(), "example": example})


async def check(path: Path) -> str:
    """Return how far from the truth the learner's reports were at most."""
    worst, runs = 0.0, 0
    async with driven(path, __file__) as program:
        async for run in program.records():
            worst, runs = max(worst, _fault_of(run)), runs + 1
    return f"{runs} runs reported, at most {worst:.2g} ms from the server's truth; what was lost is counted in each"


def _fault_of(run: dict[str, Any]) -> float:
    """Return the report's fault in ms. Raises: Failure."""
    reported, truth = run["reported"], run["truth"]
    where = f"{run['transport']}, {run['fate']}"
    if missing := sorted(truth.keys() - reported.keys()):
        raise Failure(f"a report with {', '.join(truth)}", f"one without {', '.join(missing)}")
    if reported["lost"] != truth["lost"]:
        expected = f"{truth['lost']:.0f} lost deliveries ({where})"
        got = f"{reported['lost']:.0f}"
        if reported["lost"] < 0 and run["fate"] == FATES[1].name:
            got += ": messages before `first` or after `last` were counted"
            raise Failure(expected, got, read=READ_WARM_UP)
        raise Failure(expected, got, read=READ_LOSS)
    faults: dict[str, float] = {
        name: abs(reported[name] - truth[name]) for name in ("mean_ms", "p95_ms")
    }
    for name, fault in faults.items():
        if not fault <= FAULT_MS:
            expected = f"{name} within {FAULT_MS:g} ms of {truth[name]:.1f} ({where})"
            timeline = [Event(at, text) for at, text in run["example"]]
            warm = run["fate"] == FATES[1].name
            read = READ_WARM_UP if warm else READ_TRUTH
            raise Failure(expected, f"{reported[name]:.1f}", read=read, timeline=timeline)
    return max(faults.values())
