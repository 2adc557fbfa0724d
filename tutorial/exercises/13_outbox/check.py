"""Kill the worker (-9) at every single step of shipping three orders, start it again, and count."""

import json
import os
import re
import signal
import sqlite3
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_TRANSACTION = "Both, or neither"
READ_RELAY = "The relay"
READ_KEY = "At least once, and a key"

ORDERS = (1, 2, 3)
STEPS_MOST = 300
COMPUTING_SECONDS = 3.0  # of the worker's own processor time
WAITING_SECONDS = 15  # only what never ends takes so long
AWAY_CALLS = 4
ROUNDS_AFTER = 3
SHOWN = 8
NO_STEP = ("the queue has", "publish: the queue is away")

Learner = dict[str, Any]


class Stage:
    """A shop's database and a queue, both in files: what outlives a worker that is killed."""

    def __init__(self, folder: str) -> None:
        self.database = f"{folder}/shop.db"
        self.log = os.open(f"{folder}/log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self._last_step = 0
        self._steps = 0
        self._calls = 0
        self._away = 0

    def write(self, **event: object) -> None:
        """Write down what happens; nothing of it is lost when the worker is killed."""
        os.write(self.log, json.dumps(event).encode() + b"\n")

    def events(self) -> list[dict[str, Any]]:
        """Return what happened so far."""
        size = os.fstat(self.log).st_size
        return [json.loads(line) for line in os.pread(self.log, size, 0).splitlines()]

    def step(self, what: str) -> None:
        """Go one step on; at the chosen one, die."""
        self._steps += 1
        if self._steps == self._last_step:
            self.write(what=f"killed before: {what}")
            os.kill(os.getpid(), signal.SIGKILL)
        self.write(what=what)

    def publish(self, key: str, text: str) -> None:
        """Take a note; what stands in it is the learner's."""
        self._calls += 1
        if self._calls <= self._away:
            self.write(what="publish: the queue is away")
            raise ConnectionError("the queue is away")
        self.step(f"publish {key!r}")
        self.write(what=f"the queue has {text!r}", key=str(key), text=str(text))
        self.step("return from publish")

    def run(self, learner: Learner, last_step: int = 0, away: int = 0) -> int:
        """Run the worker in a process of its own until its work is done; return its exit status."""
        if pid := os.fork():
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        signal.setitimer(signal.ITIMER_PROF, COMPUTING_SECONDS)
        signal.alarm(WAITING_SECONDS)
        self._last_step, self._away = last_step, away
        try:
            self._work(learner)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _work(self, learner: Learner) -> None:
        database = sqlite3.connect(self.database)
        database.execute("PRAGMA synchronous = OFF")  # it is the process that dies, not the machine
        database.set_trace_callback(lambda statement: self.step(" ".join(statement.split())))
        _unless_away(partial(learner["relay"], database, self.publish))
        for order in sorted(set(ORDERS) - self.shipped()):
            _unless_away(partial(learner["ship"], database, order, self.publish))
        for _ in range(ROUNDS_AFTER + self._away):
            _unless_away(partial(learner["relay"], database, self.publish))

    def shipped(self) -> set[int]:
        """Return the orders that are shipped for good."""
        with sqlite3.connect(self.database) as database:
            return {row[0] for row in database.execute("SELECT id FROM orders WHERE shipped")}

    def received(self) -> Counter[int]:
        """Return how often the queue's reader has a note of each order; notes with one key count once."""
        texts = self._first_of_key().values()
        return Counter(int(number) for text in texts for number in _orders_in(text))

    def dropped(self) -> dict[str, tuple[str, str]]:
        """Return the notes that the reader took for repetitions: their key and what came with it first."""
        first = self._first_of_key()
        return {
            event["text"]: (event["key"], first[event["key"]])
            for event in self.events()
            if "key" in event and event["text"] != first[event["key"]]
        }

    def _first_of_key(self) -> dict[str, str]:
        first: dict[str, str] = {}
        for event in self.events():
            if "key" in event:
                first.setdefault(event["key"], event["text"])
        return first


def _orders_in(text: str) -> list[str]:
    return re.findall(r"\border (\d+)\b", text)


def _unless_away(call: Callable[[], None]) -> None:
    try:
        call()
    except ConnectionError:
        return


def drive(learner: Learner, report: Callable[[dict[str, Any]], None]) -> None:
    """Run the worker with each of its steps as its last, then while the queue is away."""
    for last_step in range(1, STEPS_MOST):
        seen = _play(learner, last_step, 0)
        report(seen)
        if seen["status"] == 0:
            break
    report(_play(learner, 0, AWAY_CALLS))


def _play(learner: Learner, last_step: int, away: int) -> dict[str, Any]:
    """Run the worker, start it again if it was killed, and return what became of the orders."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(folder)
        with sqlite3.connect(stage.database) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.executescript(learner["SCHEMA"])
            database.executemany("INSERT INTO orders (id) VALUES (?)", [(id,) for id in ORDERS])
        status = stage.run(learner, last_step, away)
        early = sorted(set(stage.received()) - stage.shipped())
        again = stage.run(learner) if status == -signal.SIGKILL else 0
        whole = {"status": status, "again": again, "early": early, "step": last_step}
        whole |= {"shipped": sorted(stage.shipped()), "received": dict(stage.received())}
        whole |= {"dropped": stage.dropped()}
        os.close(stage.log)
        return whole | {"events": [event["what"] for event in _events(folder)]}


def _events(folder: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(folder, "log").read_text("utf-8").splitlines()]


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
        if str(order) in _orders_in(text):
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
