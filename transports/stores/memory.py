"""MemoryStore: logs that live as long as the process.

The simplest thing that keeps a store's promises; the others are measured against it. Rooms that were only
named, never written to, take no memory here. After a restart everything is forgotten, and a new epoch says so.
"""

from __future__ import annotations

import time
from secrets import token_hex

from transports.store import Appended, OnAppend, OnReset, Store
from transports.wire import Draft, Message


class _KeyedMessages:
    """One room's messages and the keys they came with."""

    __slots__ = ("ids", "messages")

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.ids: dict[str, int] = {}


class MemoryStore(Store):
    """Keeps the newest `kept` messages of each room, and gives the newest `history` of them."""

    def __init__(self, history: int, kept: int) -> None:
        self.epoch = token_hex(4)
        self._history = history
        self._kept = kept
        self._logs: dict[str, _KeyedMessages] = {}

    async def open(self, on_append: OnAppend, on_reset: OnReset) -> None:
        self._on_append = on_append

    async def tail(self, room: str) -> list[Message]:
        log = self._logs.get(room)
        return list(log.messages.values())[-self._history :] if log else []

    async def append(self, room: str, draft: Draft) -> Appended:
        log = self._logs.setdefault(room, _KeyedMessages())
        if draft.key in log.ids:
            return Appended(log.ids[draft.key], duplicate=True)
        message = self._number(log, draft)
        self._on_append(room, message)
        return Appended(message.id, duplicate=False)

    def _number(self, log: _KeyedMessages, draft: Draft) -> Message:
        id = next(reversed(log.messages), 0) + 1
        message = Message(id, draft.author, draft.text, round(time.time(), 6), draft.key)
        log.messages[id] = message
        if draft.key is not None:
            log.ids[draft.key] = id
        if len(log.messages) > self._kept:
            oldest = log.messages.pop(id - self._kept)
            log.ids.pop(oldest.key or "", None)
        return message

    async def check(self) -> None:
        pass

    async def close(self) -> None:
        pass
