"""A worker that is killed (-9) before one of its steps, and a shop and a queue that outlive it.

A step is a statement of its database, or a call of `publish`. `play` runs the learner's worker, and
returns what became of its orders.
"""

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

ORDERS = (1, 2, 3)
COMPUTING_SECONDS = 3.0  # of the worker's own processor time
WAITING_SECONDS = 15  # only what never ends takes so long
ROUNDS_AFTER = 3

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
        return Counter(int(number) for text in texts for number in orders_in(text))

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


def orders_in(text: str) -> list[str]:
    """Return the numbers of the orders that a note names."""
    return re.findall(r"\border (\d+)\b", text)


def _unless_away(call: Callable[[], None]) -> None:
    try:
        call()
    except ConnectionError:
        return


def play(learner: Learner, last_step: int, away: int) -> dict[str, Any]:
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
