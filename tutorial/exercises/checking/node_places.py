"""Places where a learner's nodes run and die, and the log that all of them share.

A node that dies loses its tasks and its end of the log; another begins in its place with nothing.
"""

import asyncio
import random
from typing import Any

WAY_SECONDS = 0.002

Messages = list[tuple[int, str]]


class Shared:
    """The log that all nodes share, as far away as a Redis on the next machine."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.more = asyncio.Condition()


class End:
    """One node's end of it. When the node dies, nothing more comes through."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.alive = True

    async def append(self, text: str) -> int:
        """Keep a message, and return its id."""
        await self._way()
        async with self._shared.more:
            self._shared.texts.append(text)
            id = len(self._shared.texts)
            self._shared.more.notify_all()
        await self._way()
        return id

    async def read(self, after: int) -> Messages:
        """Return what follows the message with this id; wait for it if need be."""
        await self._way()
        async with self._shared.more:
            await self._shared.more.wait_for(lambda: len(self._shared.texts) > after)
            found = list(enumerate(self._shared.texts, 1))[max(0, after) :]
        await self._way()
        return found

    async def _way(self) -> None:
        await asyncio.sleep(random.uniform(0, WAY_SECONDS))
        if not self.alive:
            await asyncio.Event().wait()


class Place:
    """A place where a node runs, and another after it has died."""

    def __init__(self, learner: dict[str, Any], shared: Shared) -> None:
        self._learner, self._shared = learner, shared
        self._asking: set[asyncio.Task[Any]] = set()
        self.start()

    def start(self) -> None:
        """Let a new node begin."""
        self._end = End(self._shared)
        self.node = self._learner["Node"](self._end)
        self._running = asyncio.create_task(self.node.run())

    async def ask(self, question: Any) -> Any:
        """Await what the node answers. Raises: ConnectionError, when it dies meanwhile."""
        task = asyncio.ensure_future(question)
        self._asking.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._asking.discard(task)
            task.cancel()
        if task.cancelled():
            raise ConnectionError("the node has died")
        return task.result()

    def die(self) -> None:
        """Let the node be gone, with whatever it did."""
        self._end.alive = False
        for task in (self._running, *self._asking):
            task.cancel()

    def failed(self) -> None:
        """Raise what `run` has raised, if it ended so."""
        if self._running.done() and not self._running.cancelled():
            self._running.result()
