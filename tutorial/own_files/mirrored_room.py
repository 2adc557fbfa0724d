"""A room whose held requests are held by a learner's program: `Room.wait`, asked of another process.

The program has a log of its own, with numbers from 1. Each message of the room is posted to it, in order, and a
reader's cursor is translated. The messages in an answer come from the room's own log: the program only decides which
of them, and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from transports.room import Room, Subscription
from transports.wire import Batch, Cursor, Start
from tutorial.own_files.own_file import OwnFile, Unusable
from tutorial.own_files.program import Program, started

ROOMS_MAX = 8  # a process each


class MirroredRoom:
    """One room, and the program that holds its readers' requests."""

    def __init__(self, room: Room, own: OwnFile) -> None:
        self.room, self._own = room, own
        self._program: Program | None = None
        self._subscription: Subscription | None = None
        self._starting = asyncio.Lock()
        self._closed = False
        self.waiting = 0

    async def wait(self, cursor: Cursor | Start, timeout: float, limit: int) -> Batch:
        """Return what follows a cursor as soon as the program says so. Raises: Refused."""
        batch = self.room.since(cursor, limit)
        if not isinstance(cursor, Cursor) or batch.gap or timeout <= 0:
            return batch  # there is nothing to hold
        self.waiting += 1
        try:
            program = await self._running()
            after = cursor.id - self._base
            if after < 0:
                return batch  # older than what the program was given
            answer = await program.hold(after, timeout)
            return self._batch(batch, after, answer, limit)
        except Unusable as error:
            if self._closed:
                return replace(batch, messages=(), more=False)
            raise self._own.refuse(str(error)) from error
        finally:
            self.waiting -= 1

    def _batch(self, batch: Batch, after: int, answer: dict[str, Any] | None, limit: int) -> Batch:
        """Return the batch that the program's answer means. Raises: Unusable."""
        cursor = Cursor(self.room.cursor.epoch, after + self._base)
        count = 0 if answer is None else self._count(answer, after, self.room.since(cursor))
        if not count:
            return replace(batch, cursor=cursor, messages=(), more=False)
        return self.room.since(cursor, min(count, limit))

    def _count(self, answer: dict[str, Any], after: int, known: Batch) -> int:
        """Return how many messages an answer has, all of which are right. Raises: Unusable."""
        try:
            came = [(one["id"], one["text"]) for one in answer["messages"]]
        except (KeyError, TypeError):
            raise Unusable(f"it answered {_short(answer)}, and no list of messages") from None
        right = [(one.id - self._base, one.text) for one in known.messages]
        last = str(after + len(came))
        if came != right[: len(came)] or answer.get("cursor") != last:
            expected = (
                f"a reader that has message {after} needs those that follow, and their cursor"
            )
            raise Unusable(f"{expected}; it answered {_short(answer)}")
        return len(came)

    async def _running(self) -> Program:
        """Return the program, started if it doesn't run, with the room's messages in it. Raises: Unusable."""
        async with self._starting:
            if self._program is None or not self._program.running or self._subscription is None:
                await self._end()
                self._own.note_read()
                self._program = await started(self._own.path.absolute())
                newest = self.room.since(Start.NEWEST)
                self._base = newest.cursor.id - len(newest.messages)
                await self._give(self._program, newest)
                self._subscription = self.room.subscribe(newest.cursor, self._push)
            return self._program

    async def _give(self, program: Program, batch: Batch) -> None:
        """Post messages to the program. Raises: Unusable."""
        for message in batch.messages:
            number, right = await program.post(message.text), message.id - self._base
            if number != right:
                raise Unusable(f"it answered a post with the id {number!r}; the next is {right}")

    def _push(self, batch: Batch) -> asyncio.Future[None]:
        assert self._program is not None
        return asyncio.ensure_future(self._keep_up(self._program, batch))

    async def _keep_up(self, program: Program, batch: Batch) -> None:
        """Post what is new to the program; when that fails, it starts anew with the next request."""
        try:
            if batch.gap:
                raise Unusable("the store has begun a new log")
            await self._give(program, batch)
        except Unusable as error:
            self._forget()
            if not self._closed:
                self._own.fail(str(error))

    def _forget(self) -> None:
        """Push nothing more to this program."""
        if self._subscription is not None:
            self._subscription.cancel()
        self._subscription = None

    async def _end(self) -> None:
        self._forget()
        if self._program is not None:
            await self._program.end()
        self._program = None

    async def close(self) -> None:
        """End the program; what it holds is answered with nothing."""
        self._closed = True
        await self._end()


def _short(answer: object) -> str:
    text = str(answer)
    return text if len(text) < 200 else f"{text[:200]} …"


class MirroredRooms:
    """The rooms that readers of a learner's program are in; the ones used last have a process each."""

    def __init__(self, own: OwnFile) -> None:
        self._own = own
        self._rooms: dict[str, MirroredRoom] = {}  # the last used at the end

    async def enter(self, room: Room) -> MirroredRoom:
        """Return the room as the program sees it. Raises: Refused."""
        mirrored = self._rooms.pop(room.name, None) or MirroredRoom(room, self._own)
        mirrored.room = room  # the chat evicts a room without readers, and loads it again
        self._rooms[room.name] = mirrored
        if len(self._rooms) > ROOMS_MAX:
            await self._evict([name for name in self._rooms if name != room.name])
        return mirrored

    async def _evict(self, names: Sequence[str]) -> None:
        for name in names:
            if not self._rooms[name].waiting:
                await self._rooms.pop(name).close()
                return
        raise self._own.refuse(f"runs for {ROOMS_MAX} rooms at most, a process each: leave one")

    async def close(self) -> None:
        """End all programs."""
        for room in self._rooms.values():
            await room.close()
