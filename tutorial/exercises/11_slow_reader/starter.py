"""Bound what a slow reader costs, and let nobody wait for it.

A room pushes each message to its readers. `push` starts to write a batch to a reader's connection,
and returns a future that is done when the connection has taken it. A reader whose device sleeps
takes nothing for hours: its future isn't done, and what was written waits in the server's memory.

Finish `Reader`:

1. at most one batch is on its way to a reader. The next is pushed when the last one was taken;
2. a reader that takes nothing costs nothing more: 1500 messages of 10 kB later, the process has not
   grown by more than 4 MB. There is a log already, of the newest 100 messages;
3. the author and the other readers don't wait for it: each of these gets every message at once;
4. when it takes its batch, it gets what it missed at once, in order: all of it if the log still has
   it, else what the log has, with `gap` true. So it knows that something is missing;
5. a connection that breaks (its future has an exception) is pushed nothing more.

As it stands, everything is pushed to everybody. Try it:

    python .learner/11_slow_reader.py
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
        room.readers.append(self)

    def announce(self) -> None:
        """There is a new message in the log."""
        self.push(self.room.since(self.room.newest - 1))


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
