"""Kill the worker (-9) at every single step of shipping three orders, start it again, and count."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tutorial.exercises.checking.killed_worker import ORDERS, Learner, orders_in, play
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_TRANSACTION = "Both, or neither"
READ_RELAY = "The relay"
READ_KEY = "At least once, and a key"

STEPS_MOST = 300
AWAY_CALLS = 4
SHOWN = 8
NO_STEP = ("the queue has", "publish: the queue is away")


def drive(learner: Learner, report: Callable[[dict[str, Any]], None]) -> None:
    """Run the worker with each of its steps as its last, then while the queue is away."""
    for last_step in range(1, STEPS_MOST):
        seen = play(learner, last_step, 0)
        report(seen)
        if seen["status"] == 0:
            break
    report(play(learner, 0, AWAY_CALLS))


async def check(path: Path) -> str:
    """Return at how many steps the worker was killed."""
    steps = 0
    async with driven(path, __file__) as program:
        async for seen in program.records():
            await _ended_well(program, seen)
            _notified_once(seen)
            steps += seen["status"] == -signal.SIGKILL
    return f"killed at each of {steps} steps and started again, and once without a queue: 0 lost, 0 doubled"


async def _ended_well(program: Program, seen: dict[str, Any]) -> None:
    expected = "a worker that ships three orders and passes on each note"
    for status in (seen["status"], seen["again"]):
        if status in (-signal.SIGALRM, -signal.SIGPROF):
            raise Failure(expected, "it is never done: it computes or waits on", read=READ_RELAY)
        if status not in (0, -signal.SIGKILL):
            raise await program.crashed(expected, "an exception")


def _notified_once(seen: dict[str, Any]) -> None:
    """Raise `Failure` for the first order of which the reader has not one note."""
    where = _where(seen)
    expected = f"one note of each shipped order, {where}"
    timeline = _timeline(seen["events"])
    received = {int(order): count for order, count in seen["received"].items()}
    if seen["early"]:
        got = f"a note of order {seen['early'][0]}, which is not shipped"
        raise Failure(expected, got, read=READ_TRANSACTION, timeline=timeline)
    for order in ORDERS:
        if order not in seen["shipped"]:
            got = f"order {order} is not shipped: nothing was committed"
            raise Failure(expected, got, read=READ_TRANSACTION, timeline=timeline)
        if not received.get(order):
            noted = any(what.startswith("INSERT") for what in _before_death(seen["events"]))
            read = READ_RELAY if noted else READ_TRANSACTION
            got = f"order {order} is shipped, and its customer was never notified"
            if why := _dropped(order, seen["dropped"]):
                read, got = READ_KEY, f"{got}: {why}"
            raise Failure(expected, got, read=read, timeline=timeline)
        if received[order] > 1:
            got = f"{received[order]} notes of order {order}, each time with another key"
            raise Failure(expected, got, read=READ_KEY, timeline=timeline)


def _dropped(order: int, dropped: dict[str, tuple[str, str]]) -> str:
    """Return why the queue's reader has dropped the note of this order, or ""."""
    for text, (key, first) in dropped.items():
        if str(order) in orders_in(text):
            rowid = (
                "; SQLite assigns the id of a deleted last row again"
                if _ends_in_number(key)
                else ""
            )
            return f"its note has the key {key!r} of the note {first!r}, and is dropped as a repetition{rowid}"
    return ""


def _ends_in_number(key: str) -> bool:
    return key[-1:].isdecimal()


def _before_death(events: list[str]) -> list[str]:
    """Return what the worker did before it was killed; all, when it was not."""
    died = next((i for i, what in enumerate(events) if what.startswith("killed")), len(events))
    return events[:died]


def _where(seen: dict[str, Any]) -> str:
    if seen["status"] == 0 and not seen["step"]:
        return f"although the queue is away for {AWAY_CALLS} calls"
    if seen["status"] == 0:
        return "when nothing goes wrong"
    return f"although the worker is killed at its step {seen['step']}"


def _timeline(events: list[str]) -> list[Event]:
    """Return the steps around the moment at which the worker died, numbered."""
    first = max(0, len(_before_death(events)) - SHOWN + 3)
    numbered, steps = list[Event](), 0
    for what in events:
        steps += not what.startswith(NO_STEP)
        numbered.append(Event(None, what if what.startswith(NO_STEP) else f"step {steps}: {what}"))
    return numbered[first : first + SHOWN]
