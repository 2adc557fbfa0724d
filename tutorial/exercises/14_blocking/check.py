"""Let two count pairs without end, and ask for the time and post a sale meanwhile.

The counts don't end before the check lets them. So what is answered meanwhile was answered by a free
loop, on a fast machine and on a slow one; and where the loop stands otherwise, the check can see.
"""

import asyncio
import http.client
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tutorial.exercises.checking.query_gate import Gate
from tutorial.exercises.sandbox.starting import driven, reserved_port
from tutorial.exercises.verdict import Event, Failure

READ_LOOP = "One loop, and everybody on it"
READ_THREAD = "Off the loop"

COUNTING_AT_ONCE = 2
WAITING_SECONDS = 8.0  # for what a free loop answers in milliseconds
LOOK_SECONDS = 0.02

Learner = dict[str, Any]
Report = Callable[[dict[str, Any]], None]


GATE = Gate()


def prepare() -> None:
    """Watch every connection that the learner's file will open."""

    connect = sqlite3.connect

    def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        GATE.watch(connection)
        return connection

    sqlite3.connect = watched  # type: ignore[assignment]


def drive(learner: Learner, report: Report, port: str, path: str) -> None:
    """Run the learner's server on this thread's loop, and judge it from another thread."""
    judging = Judging(int(port), path, threading.get_ident())
    threading.Thread(target=judging.run, args=(report,), daemon=True).start()
    asyncio.run(learner["main"](int(port)))


async def check(path: Path) -> str:
    """Return what was answered while two counted."""
    with reserved_port() as port:
        async with driven(path, __file__, str(port), str(path)) as program:
            seen = await anext(program.records())
    return (
        f"while {COUNTING_AT_ONCE} requests counted, /now was answered after {seen['now_ms']:.1f} ms "
        f"and a sale after {seen['sale_ms']:.1f} ms"
    )


class Judging:
    """Asks the learner's server, and sees what its loop does."""

    def __init__(self, port: int, path: str, loop_thread: int) -> None:
        self._port, self._path, self._loop_thread = port, path, loop_thread
        self._pool = ThreadPoolExecutor(COUNTING_AT_ONCE + 1)
        self._events: list[Event] = []

    def run(self, report: Report) -> None:
        """Report how long the answers took, or the failure."""
        try:
            self._listens()
            self._still_counts()
            report(self._while_two_count())
        except Failure as failure:
            report({"failure": failure.to_json()})

    def _listens(self) -> None:
        while True:
            try:
                self._ask("GET", "/now")
            except ConnectionRefusedError:
                time.sleep(LOOK_SECONDS)
            else:
                return

    def _still_counts(self) -> None:
        """Raise `Failure` when another sale is not counted."""
        before = self._pairs()
        self._ask("POST", "/sales", '{"amount": 500}')
        after = self._pairs()
        if after <= before:
            expected = f"more than {before} pairs after a sale of 500"
            raise Failure(expected, f"{after} pairs, as before", read=READ_THREAD)

    def _while_two_count(self) -> dict[str, float]:
        with GATE.shut():
            counts = [self._pool.submit(self._pairs) for _ in range(COUNTING_AT_ONCE)]
            self._note(f"{COUNTING_AT_ONCE} requests ask for the pairs")
            self._wait(lambda: GATE.stopped or all(count.done() for count in counts))
            taken = {
                "now_ms": self._answered("/now", "GET", "/now"),
                "sale_ms": self._answered("a sale", "POST", "/sales", '{"amount": 1}'),
            }
        for count in counts:
            count.result()
        return taken

    def _answered(self, what: str, *request: str) -> float:
        """Return after how many ms this was answered. Raises: `Failure` when it waits."""
        began = time.perf_counter()
        answer: Future[Any] = self._pool.submit(self._ask, *request)
        self._note(f"{what} is sent" if what == "a sale" else f"{what} is asked for")
        if not self._wait(answer.done):
            self._note("no answer, and the two still count")
            expected = f"{what} is answered while {COUNTING_AT_ONCE} requests count pairs"
            raise Failure(expected, self._where(), read=READ_LOOP, timeline=self._events)
        answer.result()
        return (time.perf_counter() - began) * 1000

    def _wait(self, done: Callable[[], object]) -> bool:
        """Return whether it is done; not when the loop itself counts, or after a long time."""
        late = time.monotonic() + WAITING_SECONDS
        while not done():
            if self._loop_thread in GATE.stopped or time.monotonic() > late:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _where(self) -> str:
        """Return what the loop does, and the learner's line in which it does it."""
        does = "counts" if self._loop_thread in GATE.stopped else "waits"
        frame = sys._current_frames().get(self._loop_thread)
        while frame and frame.f_code.co_filename != self._path:
            frame = frame.f_back
        if not frame:
            return f"no answer: the loop {does}"
        code = Path(self._path).read_text("utf-8").splitlines()[frame.f_lineno - 1].strip()
        return f"no answer: the loop itself {does}, in line {frame.f_lineno}, `{code}`"

    def _note(self, text: str) -> None:
        self._events.append(Event(None, text))

    def _pairs(self) -> int:
        data = self._ask("GET", "/pairs")
        if not isinstance(data.get("pairs"), int) or data["pairs"] <= 0:
            got = json.dumps(data)[:200]
            raise Failure('the number of pairs, {"pairs": …}', got, read=READ_THREAD)
        return int(data["pairs"])

    def _ask(self, method: str, target: str, body: str | None = None) -> dict[str, Any]:
        """Return the JSON object that is answered. Raises: `Failure`."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request(method, target, body)
        answer = connection.getresponse()
        asked, text = f"an answer to {method} {target}", answer.read()
        connection.close()
        if answer.status >= 300:
            raise Failure(asked, f"status {answer.status} {answer.reason}", read=READ_THREAD)
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise Failure(f"{asked} that is a JSON object", repr(text[:80]), read=READ_THREAD)
        return data
