"""Log: one room's retained messages, in memory.

The newest `history` messages, numbered 1, 2, 3, … without holes, and what each cursor has not had of them. A
log that is longer is trimmed at its old end; a cursor from before that, from another epoch or from ahead
of the log has a **gap**. It stands apart from the room because it knows no readers: nothing here waits.
"""

from __future__ import annotations

from collections.abc import Iterable

from transports.wire import BATCH_MESSAGES, Batch, Cursor, Message, Start

BATCHES_REMEMBERED = 16


class Log:
    """The retained messages of one room, in one epoch."""

    __slots__ = ("_batches", "_epoch", "_history", "_messages", "_newest", "_room")

    def __init__(self, room: str, epoch: str, history: int) -> None:
        self._room = room
        self._epoch = epoch
        self._history = history
        self._newest = 0
        self._messages: dict[int, Message] = {}  # without holes, up to `_newest`
        self._batches: dict[tuple[int, int], Batch] = {}  # what readers at the same cursor share

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def cursor(self) -> Cursor:
        """The place after the newest message."""
        return Cursor(self._epoch, self._newest)

    def reaches(self, cursor: Cursor | Start) -> bool:
        """Return whether the log goes as far as a cursor."""
        if isinstance(cursor, Start):
            return True
        return cursor.epoch == self._epoch and cursor.id <= self._newest

    def replace(self, epoch: str, messages: Iterable[Message]) -> None:
        """Forget everything, and begin again with these messages."""
        self._epoch, self._newest = epoch, 0
        self._messages.clear()
        self._batches.clear()
        for message in messages:
            self.add(message)

    def add(self, message: Message) -> bool:
        """Add the next message, and trim. Return False when it is here already."""
        if message.id <= self._newest:
            return False
        self._batches.clear()
        if message.id > self._newest + 1:
            self._messages.clear()  # what came between is lost: a gap for every cursor before it
        self._messages[message.id] = message
        self._newest = message.id
        if len(self._messages) > self._history:
            del self._messages[self._newest - self._history]
        return True

    def since(self, cursor: Cursor | Start, limit: int = BATCH_MESSAGES) -> Batch:
        """Return what follows a cursor: at most `limit` messages, oldest first."""
        after, gap = self._find(cursor, limit)
        key = (after, limit)
        if gap:
            return self._batch(after, limit, gap=True)
        if key not in self._batches:
            if len(self._batches) >= BATCHES_REMEMBERED:
                self._batches.clear()
            self._batches[key] = self._batch(after, limit, gap=False)
        return self._batches[key]

    def _find(self, cursor: Cursor | Start, limit: int) -> tuple[int, bool]:
        """Return the id after which the batch begins, and whether something before it is missing."""
        before_oldest = self._newest - len(self._messages)
        if cursor is Start.NOW:
            return self._newest, False
        if cursor is Start.OLDEST:
            return before_oldest, False
        if cursor is Start.NEWEST:
            return max(before_oldest, self._newest - limit), False
        known = self.reaches(cursor) and before_oldest <= cursor.id
        return (cursor.id, False) if known else (before_oldest, True)

    def _batch(self, after: int, limit: int, gap: bool) -> Batch:
        last = min(after + limit, self._newest)
        messages = tuple([self._messages[id] for id in range(after + 1, last + 1)])
        return Batch(self._room, Cursor(self._epoch, last), gap, last < self._newest, messages)
