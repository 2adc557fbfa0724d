"""An event loop whose clock jumps: an hour of `asyncio.sleep` passes in a moment, and exactly.

Whenever nothing is ready the loop would sleep until its next timer; this one sets the clock to
that moment instead. For coroutines that only sleep, not for those that wait for a socket.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Jump(selectors.DefaultSelector):
    """A selector that never waits: it tells the clock how long it should have."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits, and no timer is set that could end it")
        self.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, which begins at 0."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Return the seconds that have passed for those who sleep on this loop."""
        return self._jump.now


def run(work: Coroutine[None, None, None]) -> None:
    """Run the coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)
