"""The clock of the learner's process, held by the judge: it moves when the judge says so.

Timers, `asyncio.sleep`, `time.time()` and `time.monotonic()` all read this clock; sockets stay real.
A command on the judge's line says how far to advance. The loop then jumps from timer to timer,
handles what comes in between, and answers when it has nothing more to do at that time. So a second
without messages takes no time, and a busy machine can't make an answer late.
"""

import asyncio
import gc
import json
import socket
import time
import warnings
from dataclasses import asdict, dataclass

from tutorial.exercises.sandbox.idle_loop import IdleLoop

REALLY_SLEEP = time.sleep


@dataclass(frozen=True, slots=True)
class Vitals:
    """How a program is at rest: `next_timer` in seconds from now, None: it waits for nothing.

    `command` is the number of the judge's command that this answers.
    """

    command: int
    now: float
    next_timer: float | None
    wakeups: int
    handled: int
    futures: int
    spinning: bool = False


class HeldLoop(IdleLoop):
    """An event loop on a clock that stands still until the judge's next command."""

    def __init__(self, line: socket.socket) -> None:
        self._now = self._until = 0.0
        self._wakeups, self._asked, self._count = 0, 0, False
        self._line, self._received = line, b""
        super().__init__()
        self.selector.ignore(line.fileno())
        self.selector.spins = self._spins
        line.setblocking(False)
        self.add_reader(line, self._command)

    def time(self) -> float:
        """Return the seconds that have passed on the judge's clock."""
        return self._now

    def idle(self, timeout: float | None) -> float | None:
        """Jump to the next timer that is due, or answer the judge and wait."""
        if timeout is not None and self._now + timeout <= self._until:
            self._now += timeout
            self._wakeups += 1
            return 0.0
        self._now = self._until
        if self._asked:
            self._answer(timeout)
        return None

    def _command(self) -> None:
        if not (data := self._line.recv(4096)):
            raise SystemExit(0)  # the judge is gone; a line that has ended would wake us for ever
        self._received += data
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            command = json.loads(line)
            self._until += command["advance"]
            self._asked, self._count = command["number"], command["count"]

    def _answer(self, timeout: float | None, spinning: bool = False) -> None:
        asked, self._asked = self._asked, 0
        handled, self.selector.handled = self.selector.handled, 0
        futures = _futures() if self._count else 0
        vitals = Vitals(asked, self._now, timeout, self._wakeups, handled, futures, spinning)
        self._line.send(json.dumps({"reply": asdict(vitals)}).encode() + b"\n")

    def _spins(self) -> None:
        if self._asked:
            self._answer(0.0, spinning=True)


def _futures() -> int:
    gc.collect()
    return sum(issubclass(type(thing), asyncio.Future) for thing in gc.get_objects())


def install(line: socket.socket) -> None:
    """Set every loop that is made from now on, and the module `time`, to the judge's clock."""
    began, loops = time.time(), list[HeldLoop]()

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> HeldLoop:
            loops[:] = [HeldLoop(line)]
            return loops[0]

    def now() -> float:
        return loops[0].time() if loops else 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(Policy())
    time.monotonic = now
    time.time = lambda: began + now()
    time.sleep = refuse_to_sleep  # type: ignore[assignment]


def refuse_to_sleep(seconds: float) -> None:
    """Stand in for `time.sleep`, which stops everybody on the loop.

    Raises: `BlockingIOError`, unless it is in a thread where no loop runs.
    """
    if asyncio._get_running_loop() is None:
        return REALLY_SLEEP(seconds)
    raise BlockingIOError(
        f"time.sleep({seconds:.3g}) stops the whole event loop: nobody is answered meanwhile. "
        "Use await asyncio.sleep"
    )
