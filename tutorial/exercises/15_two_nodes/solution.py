"""Two nodes, one log.

A node keeps nothing of its own. It posts to the shared log, and reads its own messages in the
same way as the others': so all nodes have the same messages, under the same ids, in the same
order, and a cursor means the same at each. A new node begins at 0 and has them all before long;
a reader that brings a cursor that it has not reached yet waits, as for any next message.
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
        """Read what is in the shared log, for as long as the node lives."""
        while True:
            self.log += await self.shared.read(len(self.log))
            self.release()

    async def post(self, text: str) -> None:
        """Keep a message, and return when it is safe."""
        await self.shared.append(text)

    async def read(self, cursor: int) -> Messages:
        """Return what follows the message with this id; wait while there is nothing."""
        while not self.log[cursor:]:
            held = asyncio.get_running_loop().create_future()
            self.waiting.add(held)
            await held
        return self.log[cursor:]

    def release(self) -> None:
        """Release all held reads, so that each looks again."""
        while self.waiting:
            held = self.waiting.pop()
            if not held.done():
                held.set_result(None)


class Paper:
    """A shared log for trying it out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.more = asyncio.Condition()

    async def append(self, text: str) -> int:
        """Keep a message, and return its id."""
        async with self.more:
            self.texts.append(text)
            self.more.notify_all()
            return len(self.texts)

    async def read(self, after: int) -> Messages:
        """Return what follows the message with this id; wait for it if need be."""
        async with self.more:
            await self.more.wait_for(lambda: len(self.texts) > after)
            return list(enumerate(self.texts, 1))[after:]


async def main() -> None:
    """Post to two nodes, and see what each of them returns."""
    paper = Paper()
    nodes = [Node(paper), Node(paper)]
    running = [asyncio.create_task(node.run()) for node in nodes]
    await nodes[0].post("to the first")
    await nodes[1].post("to the second")
    await asyncio.sleep(0.1)
    for node in nodes:
        print(await node.read(0))
    for task in running:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
