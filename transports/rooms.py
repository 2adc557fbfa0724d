"""Rooms: which rooms are in memory, by name, and how they come there from the store.

A room exists as soon as it is named, so anybody can name a million. Rooms with readers stay; of the others only
the last used stay, and the rest are evicted: their messages are in the store. It stands apart from Room because no
room needs to know that there are others.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from transports.fanout import Fanout
from transports.room import Room
from transports.store import Store, Unavailable
from transports.wire import Cursor, Message, Start

IDLE_ROOMS = 256  # rooms that stay in memory although nobody reads them


@dataclass(slots=True)
class Loading:
    """A room whose tail is on its way from the store, and what was appended meanwhile."""

    task: asyncio.Task[Room]
    meanwhile: list[Message] = field(default_factory=list)


class Rooms:
    """The rooms that are in memory; others come from `store` when they are entered."""

    def __init__(self, store: Store, history: int) -> None:
        self.store = store
        self.fanout = Fanout()
        self._history = history
        self._rooms: OrderedDict[str, Room] = OrderedDict()  # the last used at the end
        self._loading: dict[str, Loading] = {}
        self._entering: Counter[str] = Counter()  # none of these may be evicted

    async def open(self) -> None:
        """Open the store. Raises: Unavailable."""
        await self.store.open(self._on_append, self._on_reset)

    async def enter(self, name: str, cursor: Cursor | Start = Start.NOW) -> Room:
        """Return the room of that name, with its tail in memory. Raises: Unavailable.

        A cursor that the room doesn't reach was perhaps given by another process, a moment ago: first read all.
        """
        self._entering[name] += 1
        try:
            room = self._rooms.get(name) or await self._load(name)
            self._rooms.move_to_end(name)
            if not room.log.reaches(cursor):
                await self.store.sync()
            return room
        finally:
            self._evict()
            self._entering[name] -= 1
            if not self._entering[name]:
                del self._entering[name]

    async def _load(self, name: str) -> Room:
        """Read the tail of a room's log from the store, once, however many ask. Raises: Unavailable."""
        if name not in self._loading:
            task = asyncio.ensure_future(self._read(name))
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # seen
            self._loading[name] = Loading(task)
        return await asyncio.shield(self._loading[name].task)

    async def _read(self, name: str) -> Room:
        try:
            tail = await self.store.tail(name)
        finally:
            loading = self._loading.pop(name)
        room = self._rooms.setdefault(name, Room(name, self.store, self._history, self.fanout))
        room.reset([*tail, *loading.meanwhile])
        return room

    def _evict(self) -> None:
        """Drop the rooms that were used the longest ago, until two of them are in use."""
        in_use = 0
        while len(self._rooms) > IDLE_ROOMS and in_use < 2:
            name, oldest = next(iter(self._rooms.items()))
            if not oldest.readers and name not in self._entering:
                del self._rooms[name]
            else:
                self._rooms.move_to_end(name)
                in_use += 1

    def _on_append(self, name: str, message: Message) -> None:
        if loading := self._loading.get(name):
            loading.meanwhile.append(message)
        elif room := self._rooms.get(name):
            room.add(message)

    async def _on_reset(self) -> None:
        """Read every tail again. Raises: Unavailable."""
        for name in [*self._loading, *self._rooms]:
            while loading := self._loading.get(name):
                with suppress(Unavailable):
                    await asyncio.shield(loading.task)  # it may have read what is gone by now
            await self._load(name)

    def release(self) -> None:
        """Answer every held request of every room with what there is."""
        for room in self._rooms.values():
            room.release()

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())
