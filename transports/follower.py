"""Follower: one reader that a room tells, for as long as it is here.

One batch at a time: the next only when the last was taken. So a slow reader falls behind in the log, which is
there anyway, and not in a buffer of its own; when it is back it gets one bigger batch, or learns of its gap.
It stands apart from the room because it knows one reader, and the room all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transports.room import Room
    from transports.wire import Batch

# Hands a batch to the wire. None: it was taken at once. Else a future that is done when it was taken.
Push = Callable[["Batch"], "asyncio.Future[None] | None"]

log = logging.getLogger(__name__)


class Follower:
    """A reader's state: its cursor, and whether it still takes its last batch."""

    __slots__ = ("_here", "_push", "_room", "cursor")

    def __init__(self, room: Room, push: Push) -> None:
        self._room = room
        self._push = push
        self._here = True
        self.cursor = room.cursor

    def give(self, batch: Batch) -> bool:
        """Push a batch; say whether it was taken at once. One reader's exception ends that reader alone."""
        self.cursor = batch.cursor
        try:
            taken = self._push(batch)
        except Exception:
            log.exception("a reader of room %s failed, and is told nothing more", self._room.name)
            self.leave()
            return False
        if taken is None:
            return True
        self._room.wait_for(self)
        taken.add_done_callback(self._taken)
        return False

    def _taken(self, taken: asyncio.Future[None]) -> None:
        if taken.cancelled() or taken.exception() is not None:
            self.leave()
        elif self._here:
            self._room.catch_up(self)

    def leave(self) -> None:
        """Be told nothing more. May be called more than once."""
        self._here = False
        self._room.forget(self)
