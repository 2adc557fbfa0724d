"""Two nodes, one log.

Two processes serve the same chat, and a proxy sends each request to one of them. As it stands, each
**node** numbers and stores what was posted to it, and knows nothing of the other. Half of the
messages are missing at each node, and message 7 of one node is not message 7 of the other.

They can share a log, as processes share a Redis. Each node is given one end of it:

- `await shared.append(text)` keeps a message for everybody, and returns its id: 1, 2, 3, …
- `await shared.read(after)` waits until there is something after the message with this id, and
  returns it as `[(id, text), …]`, in order.

Make it exact: a reader that goes from node to node with the id of the last message that it has gets
every message once, and in order, also when a node dies and another takes its place.

1. `post` appends the message to the shared log, and returns when that has it. What only a node has
   is lost when the node dies;
2. `run` goes on as long as the node lives. It reads *everything* from the shared log: also what
   this very node has posted, and what was there before it began;
3. `read` answers from what the node has read, and waits while nothing follows the cursor. There is
   no `await` between looking and waiting.

Try it:

    python .learner/15_two_nodes.py
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
        """Do what is to be done as long as the node lives."""

    async def post(self, text: str) -> None:
        """Keep a message, and return when it is safe."""
        self.log.append((len(self.log) + 1, text))
        self.release()

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
