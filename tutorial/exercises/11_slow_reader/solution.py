"""Bound what a slow reader costs, and let nobody wait for it.

A reader's state is its cursor, and whether a batch is on its way to it. While one is, `announce`
does nothing: the message is in the log, and the log has it once for all readers. When the batch is
taken, the next one is whatever follows the cursor by then.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

HISTORY = 100


@dataclass(frozen=True)
class Batch:
    """What follows a reader's cursor, oldest first; `gap`: something before it is missing."""

    first: int
    texts: tuple[str, ...]
    gap: bool = False

    @property
    def last(self) -> int:
        """The number of the newest message in it."""
        return self.first + len(self.texts) - 1


Push = Callable[[Batch], "asyncio.Future[None]"]


class Room:
    """A log of the newest messages, which are numbered 1, 2, 3 …, and its readers."""

    def __init__(self) -> None:
        self.log: deque[str] = deque(maxlen=HISTORY)
        self.newest = 0
        self.readers: list[Reader] = []

    def since(self, cursor: int) -> Batch:
        """Return what follows message number `cursor`, as far as the log has it."""
        oldest = self.newest - len(self.log) + 1
        first = max(cursor + 1, oldest)
        return Batch(first, tuple(self.log)[first - oldest :], gap=cursor + 1 < oldest)

    def post(self, text: str) -> None:
        """Keep a message as the newest, and announce it to every reader."""
        self.log.append(text)
        self.newest += 1
        for reader in list(self.readers):
            reader.announce()


class Reader:
    """One reader of a room, who joins it with the next message."""

    def __init__(self, room: Room, push: Push) -> None:
        self.room = room
        self.push = push
        self.cursor = room.newest
        self.writing = False
        room.readers.append(self)

    def announce(self) -> None:
        """There is a new message in the log."""
        if self.writing or self.cursor == self.room.newest:
            return
        batch = self.room.since(self.cursor)
        self.cursor = batch.last
        self.writing = True
        self.push(batch).add_done_callback(self.on_taken)

    def on_taken(self, taken: asyncio.Future[None]) -> None:
        """Go on with what came meanwhile, or leave."""
        if taken.cancelled() or taken.exception() is not None:
            self.room.readers.remove(self)
            return
        self.writing = False
        self.announce()


async def demo() -> None:
    """Let one reader take everything, and another one nothing."""
    loop, room, unread = asyncio.get_running_loop(), Room(), list[Batch]()

    def take(_: Batch) -> asyncio.Future[None]:
        taken = loop.create_future()
        loop.call_soon(taken.set_result, None)
        return taken

    def ignore(batch: Batch) -> asyncio.Future[None]:
        unread.append(batch)
        return loop.create_future()

    Reader(room, take)
    Reader(room, ignore)
    for number in range(1, 1001):
        room.post(f"message {number}")
        await asyncio.sleep(0)
    print(f"{len(unread)} batches wait for the slow reader")


if __name__ == "__main__":
    asyncio.run(demo())
