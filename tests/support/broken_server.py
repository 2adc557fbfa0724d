"""A server with a fault: `python -m tests.support.broken_server drop|double|reorder` spoils one delivery in a thousand.

It is the real server with its two last steps replaced, on each transport: what a poll is answered, and what is pushed.
It prints its address as the real one does. The load tests must find it out.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from transports.app import make_app
from transports.chat import Chat
from transports.polling import PollingHandler
from transports.rooms import Rooms
from transports.sender import Sender
from transports.server import Server
from transports.stores import make_store
from transports.wire import Batch, Message

ONE_IN = 1000
Spoil = Callable[[tuple[Message, ...]], tuple[Message, ...]]

FAULTS: dict[str, Spoil] = {
    "drop": lambda messages: messages[1:],
    "double": lambda messages: (messages[0], *messages),
    "reorder": lambda messages: (messages[1], messages[0], *messages[2:]),
}
FEWEST = {"drop": 1, "double": 1, "reorder": 2}  # messages in a batch that can be spoiled so


class Spoiler:
    """Counts the deliveries of each transport, and spoils a batch whenever ONE_IN more were made."""

    def __init__(self, fault: str) -> None:
        self._spoil, self._fewest = FAULTS[fault], FEWEST[fault]
        self._due: Counter[str] = Counter()

    def spoiled(self, transport: str, batch: Batch) -> Batch:
        self._due[transport] += len(batch.messages)
        if self._due[transport] < ONE_IN or len(batch.messages) < self._fewest:
            return batch
        self._due[transport] -= ONE_IN
        return replace(batch, messages=self._spoil(batch.messages))


def spoil(spoiler: Spoiler) -> None:
    """Put the spoiler between the room and the wire."""
    answer, push = PollingHandler.answer, Sender.push

    def spoiled_answer(self: PollingHandler, batch: Batch, server_timing: str = "") -> None:
        answer(self, spoiler.spoiled(self.transport, batch), server_timing)

    def spoiled_push(self: Sender, batch: Batch) -> Any:
        return push(self, spoiler.spoiled("push", batch))

    PollingHandler.answer = spoiled_answer  # type: ignore[method-assign]
    Sender.push = spoiled_push  # type: ignore[method-assign]


async def serve() -> None:
    rooms = Rooms(make_store("memory", 1000), 1000)
    await rooms.open()
    chat = Chat(rooms)
    port = Server(chat, make_app(chat)).listen(0)
    print(f"A broken server is at http://127.0.0.1:{port}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    spoil(Spoiler(sys.argv[1]))
    asyncio.run(serve())
