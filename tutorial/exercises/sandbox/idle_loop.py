"""An event loop that notices when it has nothing to do.

A check that waits a second "to be sure that nothing comes" judges the machine. This loop knows:
nothing is ready, nothing is on its way over the loopback, and no thread works for it. What happens
then is up to `idle` of a subclass: a held clock waits for the judge, a virtual one jumps to the next
timer. As it stands the loop goes on in real time, and `until_idle` waits for that moment.
"""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

ON_ITS_WAY_SECONDS = 0.002  # what was sent on the loopback may be readable a moment later
THREAD_SECONDS = 0.05
MOST_EMPTY_TURNS = 20_000  # in a row, with a callback in each: somebody asks without ever waiting

Idle = Callable[[float | None], float | None]


class _Selector(selectors.DefaultSelector):
    """Calls `idle(seconds until the next timer)`, which returns how long to wait; 0: look again."""

    def __init__(self) -> None:
        super().__init__()
        self.idle: Idle = lambda timeout: timeout
        self.spins: Callable[[], None] = lambda: None
        self.jobs = self.handled = self._empty_turns = 0
        self._own: set[int] = set()

    def ignore(self, fd: int) -> None:
        """Don't count what comes here as something that was handled."""
        self._own.add(fd)

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = self._ready(timeout)
        self.handled += any(key.fd not in self._own for key, _ in ready)
        return ready

    def _ready(self, timeout: float | None) -> list[Any]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            self._empty_turns = 0 if ready else self._empty_turns + 1
            if self._empty_turns == MOST_EMPTY_TURNS:
                self.spins()
            return ready
        self._empty_turns = 0
        if len(self.get_map()) > len(self._own) and (
            ready := super().select(_least(timeout, ON_ITS_WAY_SECONDS))
        ):
            return ready
        if self.jobs:
            return super().select(_least(timeout, THREAD_SECONDS))
        return super().select(self.idle(timeout))


def _least(timeout: float | None, most: float) -> float:
    return most if timeout is None else min(timeout, most)


class IdleLoop(asyncio.SelectorEventLoop):
    """A loop in real time that can say when it is idle."""

    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)
        for key in list(self.selector.get_map().values()):
            self.selector.ignore(key.fd)
        self.selector.idle = self.idle
        self._waiting: list[asyncio.Future[None]] = []

    def idle(self, timeout: float | None) -> float | None:
        """Return how many seconds to wait now that nothing is to do; None: until something comes."""
        if not self._waiting:
            return timeout
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        return 0.0

    async def until_idle(self) -> None:
        """Return when all that came was handled, and nothing is on its way."""
        future = self.create_future()
        self._waiting.append(future)
        await future

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Run in a thread, and count as busy until it has ended."""
        self.selector.jobs += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._job_done)
        return future

    async def shutdown_default_executor(self, *arguments: Any) -> None:
        """Wait for the threads, which count as busy until then."""
        self.selector.jobs += 1
        await super().shutdown_default_executor(*arguments)

    def _job_done(self, _: object) -> None:
        self.selector.jobs -= 1
