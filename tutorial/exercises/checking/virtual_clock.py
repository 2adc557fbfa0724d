"""An event loop whose clock jumps: an hour of `asyncio.sleep` passes in a moment, and exactly.

Whenever the loop has nothing to do it would sleep until its next timer; this one sets the clock to
that moment instead. Servers and clients may talk over real sockets, as long as all of them are on
this one loop.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager

from tutorial.exercises.sandbox.held_clock import refuse_to_sleep
from tutorial.exercises.sandbox.idle_loop import IdleLoop


class VirtualLoop(IdleLoop):
    """An event loop on virtual time, which begins at 0."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__()

    def time(self) -> float:
        """Return the seconds that have passed for what sleeps on this loop."""
        return self._now

    def idle(self, timeout: float | None) -> float | None:
        """Jump to the next timer, unless somebody waits for this moment."""
        if self._waiting:
            return super().idle(timeout)
        if timeout is None:
            raise RuntimeError("everything waits, and no timer is set that could end it")
        self._now += timeout
        return 0.0


def run(work: Coroutine[None, None, None]) -> None:
    """Run the coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        with _time_of(loop):
            runner.run(work)


@contextmanager
def _time_of(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the module `time` read this loop's clock, so that a learner's file may use either."""
    real, began = (time.time, time.monotonic, time.sleep), time.time()
    time.monotonic = loop.time
    time.sleep = refuse_to_sleep  # type: ignore[assignment]
    time.time = lambda: began + loop.time()
    try:
        yield
    finally:
        time.time, time.monotonic, time.sleep = real
