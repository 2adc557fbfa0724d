"""Let a reader take nothing while others read on, count what it costs, and wake it.

The connections are the check's own: each takes a batch when the check says so. The verdict is about
messages, their order and the bytes that the learner's process holds, and never about time.
"""

import asyncio
import inspect
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_POLICIES = "Four ways to treat a slow reader"
READ_LOG = "It falls behind in the log"

HISTORY = 100
BEHIND = 40
MANY = 1500
TEXT_BYTES = 10_000
LIMIT_BYTES = 4_000_000
TURNS = 6  # of the loop, in which everything is done that needs no reader

Learner = dict[str, Any]
Report = Callable[[dict[str, Any]], None]


@dataclass
class Connection:
    """One reader's connection, and what was pushed to it."""

    name: str
    awake: bool = True
    numbers: list[int] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    on_its_way: list["asyncio.Future[None]"] = field(default_factory=list)
    broken: bool = False
    most: int = 0

    def push(self, batch: Any) -> "asyncio.Future[None]":
        """Note a batch; it is taken at once by a reader that is awake."""
        taken = asyncio.get_running_loop().create_future()
        numbers = range(batch.first, batch.first + len(batch.texts))
        if batch.gap:
            self.gaps.append(batch.first)
        self.numbers += numbers
        self.on_its_way = [one for one in self.on_its_way if not one.done()] + [taken]
        self.most = max(self.most, len(self.on_its_way))
        if self.awake:
            asyncio.get_running_loop().call_soon(_take, taken)
        return taken

    def wake(self) -> None:
        """Take what is on its way, and all that follows."""
        self.awake = True
        for taken in self.on_its_way:
            _take(taken)

    def cut(self) -> None:
        """Break: what is on its way is never taken."""
        self.broken = True
        for taken in self.on_its_way:
            if not taken.done():
                taken.set_exception(ConnectionResetError("the connection was cut"))
                taken.exception()  # seen


def _take(taken: "asyncio.Future[None]") -> None:
    if not taken.done():
        taken.set_result(None)


def drive(learner: Learner, report: Report) -> None:
    """Run the learner's room through the cases, and report what was seen or what is wrong."""
    try:
        grown = asyncio.run(Judging(learner).run())
    except Failure as failure:
        report({"failure": failure.to_json()})
    else:
        report({"grown": grown})


async def check(path: Path) -> str:
    """Return by how much the process grew for a reader that took nothing."""
    async with driven(path, __file__) as program:
        seen = await anext(program.records(computing=20.0))
    return (
        f"{MANY} messages of {TEXT_BYTES // 1000} kB to a reader that takes nothing: "
        f"the process grew by {seen['grown'] / 1e6:.1f} MB, and the others waited for none of them"
    )


class Judging:
    """One room of the learner's, with a quick reader and a slow one."""

    def __init__(self, learner: Learner) -> None:
        self._reader = learner["Reader"]
        self._room = learner["Room"]()
        self._posted = 0
        self._events: list[Event] = []

    async def run(self) -> int:
        """Return by how many bytes the process grew. Raises: `Failure`."""
        quick = self._join("the quick reader")
        slow = self._join("the slow reader")
        await self._post(2, quick)
        slow.awake = False
        self._note("the slow reader takes nothing more")
        await self._post(BEHIND, quick)
        self._one_at_a_time(slow)
        await self._catches_up(slow, BEHIND + 2)
        grown = await self._bounded(slow, quick)
        await self._learns_of_the_gap(slow)
        await self._survives_a_cut(quick)
        return grown

    def _join(self, name: str) -> Connection:
        connection = Connection(name)
        self._reader(self._room, connection.push)
        self._note(f"{name} joins")
        return connection

    def _note(self, text: str) -> None:
        self._events.append(Event(None, text))

    def _wrong(self, expected: str, got: str, read: str) -> Failure:
        return Failure(expected, got, read=read, timeline=self._events[-6:])

    async def _post(self, count: int, quick: Connection, size: int = 10) -> None:
        """Post so many messages; the quick reader must have each before the next."""
        self._note(f"messages {self._posted + 1} to {self._posted + count} are posted")
        for _ in range(count):
            self._posted += 1
            posting = self._room.post(f"{self._posted} {'x' * size}")
            if inspect.isawaitable(posting):
                posting = asyncio.ensure_future(posting)
            await self._turns()
            if isinstance(posting, asyncio.Future) and not posting.done():
                expected = "the author goes on, although one reader takes nothing"
                got = f"the post of message {self._posted} waits"
                raise self._wrong(expected, got, READ_POLICIES)
            if len(quick.numbers) != self._posted or quick.numbers[-1] != self._posted:
                self._note(f"the quick reader got {_named(quick.numbers)}")
                expected = f"the quick reader gets message {self._posted} at once, and each once"
                raise self._wrong(expected, f"it got {_named(quick.numbers)}", READ_POLICIES)

    async def _turns(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _one_at_a_time(self, slow: Connection) -> None:
        if slow.most > 1:
            expected = "at most one batch on its way to a reader that takes nothing"
            raise self._wrong(expected, f"{slow.most} batches", READ_LOG)

    async def _catches_up(self, slow: Connection, newest: int) -> None:
        """Wake it: all that it missed is still in the log."""
        slow.wake()
        await self._turns()
        self._note(f"the slow reader wakes, and has {_named(slow.numbers)}")
        if slow.numbers != list(range(1, newest + 1)) or slow.gaps:
            expected = f"it has messages 1 to {newest} at once, no gap: the log has all of them"
            got = f"it has {_named(slow.numbers)}{', and a gap' if slow.gaps else ''}"
            raise self._wrong(expected, got, READ_LOG)
        self._one_at_a_time(slow)

    async def _bounded(self, slow: Connection, quick: Connection) -> int:
        """Return by how much memory grows while it takes nothing. Raises: `Failure`."""
        await self._post(HISTORY, quick, TEXT_BYTES)  # the log is full from now on
        slow.awake = False
        self._note("the slow reader takes nothing more")
        tracemalloc.start()
        try:
            await self._post(MANY, quick, TEXT_BYTES)
            grown = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        self._one_at_a_time(slow)
        if grown > LIMIT_BYTES:
            expected = f"a process that grows by at most {LIMIT_BYTES // 10**6} MB"
            raise self._wrong(expected, f"{grown / 1e6:.0f} MB more", READ_LOG)
        return grown

    async def _learns_of_the_gap(self, slow: Connection) -> None:
        """Wake it: most of what it missed is gone."""
        before = len(slow.numbers)
        slow.wake()
        await self._turns()
        got, oldest = slow.numbers[before:], self._posted - HISTORY + 1
        self._note(f"the slow reader wakes, and gets {_named(got)}")
        if got != list(range(oldest, self._posted + 1)):
            expected = f"it gets messages {oldest} to {self._posted}, which the log still has"
            raise self._wrong(expected, _named(got), READ_LOG)
        if slow.gaps != [oldest]:
            expected = f"a gap before message {oldest}, and no other"
            got_gaps = f"a gap before {slow.gaps}" if slow.gaps else "no gap"
            raise self._wrong(expected, got_gaps, READ_LOG)

    async def _survives_a_cut(self, quick: Connection) -> None:
        """Break a connection with a batch on its way: nothing more is pushed to it."""
        cut = self._join("a third reader")
        cut.awake = False
        await self._post(2, quick)
        had = len(cut.numbers)
        cut.cut()
        self._note("the third reader's connection breaks")
        await self._turns()
        await self._post(2, quick)
        if len(cut.numbers) != had:
            expected = "nothing is pushed to a connection that broke"
            raise self._wrong(expected, f"it was pushed {_named(cut.numbers[had:])}", READ_LOG)


def _named(numbers: list[int]) -> str:
    """Return the messages in words, by the runs they form."""
    if not numbers:
        return "no message"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [f"{first} to {last}" if last > first else f"{first}" for first, last in runs]
    return "messages " + ", ".join(texts[:6]) + (" …" if len(texts) > 6 else "")
