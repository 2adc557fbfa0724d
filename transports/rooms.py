"""Rooms: which rooms are in memory, by name.

A room exists as soon as it is named, so anybody can name a million. Rooms with readers stay; of the others
only the last used stay, and the rest are let go: their messages are in the store. It stands apart from
Room because no room needs to know that there are others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

from transports.room import Room, Store
from transports.wire import Cursor, Message, Start

IDLE_ROOMS = 256  # rooms that stay in memory although nobody reads them


class Rooms:
    """The rooms that are in memory; others come from `store` when they are entered."""

    def __init__(self, store: Store, history: int) -> None:
        self.store = store
        self._history = history
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    async def open(self) -> None:
        """Open the store. Raises: Unavailable."""
        await self.store.open(self._on_kept, self._on_lost)

    async def enter(self, name: str, cursor: Cursor | Start = Start.NOW) -> Room:
        """Give the room of that name, with its tail in memory. Raises: Unavailable.

        A cursor that the room doesn't reach was perhaps given by another process, a moment ago: first hear all.
        """
        heard_all = False
        while True:
            room = self._rooms.get(name) or self._add(name)
            self._rooms.move_to_end(name)
            if not room.loaded:
                await room.load()  # others may come meanwhile, so many that it is let go again
            elif heard_all or room.reaches(cursor):
                return room
            else:
                await self.store.sync()
                heard_all = True

    def _add(self, name: str) -> Room:
        if len(self._rooms) >= IDLE_ROOMS:
            for oldest in list(islice(self._rooms.values(), 2)):  # two go for each that comes
                self._let_go(oldest)
        room = self._rooms[name] = Room(name, self.store, self._history)
        return room

    def _let_go(self, room: Room) -> None:
        if room.idle:
            del self._rooms[room.name]
        else:
            self._rooms.move_to_end(room.name)

    def _on_kept(self, name: str, message: Message) -> None:
        if room := self._rooms.get(name):
            room.take(message)

    async def _on_lost(self) -> None:
        for room in list(self._rooms.values()):
            await room.reload()

    def release(self) -> None:
        """Let every held request of every room go with what there is."""
        for room in self._rooms.values():
            room.release()

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())
