"""It returns before the shared log has the message: the node dies, and with it what it promised.

Told: lost, the first
"""

import asyncio
from typing import Protocol

Messages = list[tuple[int, str]]


class Shared(Protocol):
    """One end of the log that all nodes share."""

    async def append(self, text: str) -> int:
        """Keep a message, and return its id."""

    async def read(self, after: int) -> Messages:
        """Return what follows the message with this id; wait for it if need be."""


class Node:
    """One process of several."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.log: Messages = []
        self.waiting: set[asyncio.Future[None]] = set()

    async def run(self) -> None:
        """Hear of what is in the shared log, for as long as the node lives."""
        while True:
            self.log += await self.shared.read(len(self.log))
            self.release()

    async def post(self, text: str) -> None:
        """Keep a message, and return when it is safe."""
        self.posting = asyncio.create_task(self.shared.append(text))

    async def read(self, cursor: int) -> Messages:
        """Return what follows the message with this id; wait while there is nothing."""
        while not self.log[cursor:]:
            held = asyncio.get_running_loop().create_future()
            self.waiting.add(held)
            await held
        return self.log[cursor:]

    def release(self) -> None:
        """Let everyone who waits look again."""
        while self.waiting:
            held = self.waiting.pop()
            if not held.done():
                held.set_result(None)
