"""Room: a log, and who waits for its next message.

Three questions can be asked of a room, and a transport is hardly more than one of them put on a wire:
`since` (what is there?), `wait` (what is next? – a held future) and `follow` (tell me, for as long as I'm here).
A room doesn't know who asks, or how the answer travels. Where its log is kept, it asks of a Store.
All of it runs on one event loop: where there is no `await`, nothing can come between two lines.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from transports.follower import Follower, Push
from transports.wire import BATCH_MESSAGES, Ack, Batch, Cursor, Draft, Message, Start

RELEASED_AT_ONCE = 100  # held requests answered in one turn of the loop; 2000 would stall it
BATCHES_REMEMBERED = 16


class Unavailable(Exception):
    """The store can't be reached, or keeps nothing more: try again later."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store says when it has a draft: its number, and whether it had it already."""

    id: int
    duplicate: bool


class Store(ABC):
    """Where the logs of all rooms are kept, and what numbers their messages 1, 2, 3, …

    `epoch` names the unbroken life of these logs. A store calls `on_kept(room, message)` on the event loop
    for each message that it has from now on, in order, before the `append` that brought it returns. When it has
    begun a new life, or can't say what came meanwhile, it awaits `on_lost()`: read every tail again.
    """

    epoch: str
    shared = False  # whether other processes append to the same logs

    @abstractmethod
    async def open(
        self, on_kept: Callable[[str, Message], None], on_lost: Callable[[], Awaitable[None]]
    ) -> None:
        """Get ready. Raises: Unavailable, with a sentence for the person who starts the server."""

    @abstractmethod
    async def tail(self, room: str) -> list[Message]:
        """Give the retained messages of a room, oldest first. Raises: Unavailable."""

    @abstractmethod
    async def append(self, room: str, draft: Draft) -> Kept:
        """Keep a draft, or find the message that came with the same key before. Raises: Unavailable."""

    async def sync(self) -> None:  # noqa: B027 (nothing to wait for, unless the logs are shared)
        """Return when `on_kept` has had all that any process appended before. Raises: Unavailable."""

    @abstractmethod
    async def check(self) -> None:
        """Return when the store would keep a message now. Raises: Unavailable."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was begun, and let go."""


class Room:
    """One room: its retained messages in memory, the requests it holds, and its followers."""

    def __init__(self, name: str, store: Store, history: int) -> None:
        self.name = name
        self._store = store
        self._history = history
        self._epoch = store.epoch  # of the log as it is in memory
        self._log: dict[int, Message] = {}
        self._newest = 0
        self._loading: asyncio.Task[None] | None = None
        self._early: list[Message] | None = []  # what was kept while the tail was being read
        self._batches: dict[tuple[int, int], Batch] = {}
        self._held: dict[asyncio.Future[None], asyncio.Task[object] | None] = {}  # and whose it is
        self._idle: dict[Follower, None] = {}  # all of these have been told up to `_told`
        self._busy: dict[Follower, None] = {}  # these still take their last batch
        self._told = self.cursor
        self._telling = False

    @property
    def cursor(self) -> Cursor:
        """The place after the newest message."""
        return Cursor(self._epoch, self._newest)

    @property
    def retained(self) -> int:
        """How many messages can still be told."""
        return len(self._log)

    @property
    def held(self) -> int:
        """How many requests are held at this moment."""
        return len(self._held)

    @property
    def readers(self) -> int:
        """How many are here: held requests and followers."""
        return len(self._held) + len(self._idle) + len(self._busy)

    @property
    def loaded(self) -> bool:
        """Whether the tail of the log is in memory."""
        return self._early is None

    @property
    def idle(self) -> bool:
        """Whether nobody would miss the room, were it let go."""
        return self._loading is None and self.readers == 0

    def reaches(self, cursor: Cursor | Start) -> bool:
        """Whether the log in memory goes as far as a cursor."""
        if isinstance(cursor, Start):
            return True
        return cursor.epoch == self._epoch and cursor.id <= self._newest

    async def load(self) -> None:
        """Read the tail of the log from the store, once, however many ask. Raises: Unavailable."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._read_tail())
        await asyncio.shield(self._loading)

    async def reload(self) -> None:
        """Forget the log and read it again, for those who are here too. Raises: Unavailable."""
        if self._loading is not None:
            with suppress(Unavailable):
                await asyncio.shield(self._loading)  # it may have read what is gone by now
        await self.load()

    async def _read_tail(self) -> None:
        try:
            tail = await self._store.tail(self.name)
        finally:
            self._loading = None
        before, early, self._early = self.cursor, self._early, None
        self._epoch, self._newest = self._store.epoch, 0
        self._log.clear()
        for message in [*tail, *(early or [])]:
            self._add(message)
        if early is not None:
            self._told = self.cursor  # nobody could wait here before
        elif self.cursor != before:
            self._tell_soon()

    def since(self, cursor: Cursor | Start, limit: int = BATCH_MESSAGES) -> Batch:
        """Give what follows a cursor, at once: at most `limit` messages, oldest first."""
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
        """Give the id after which to tell, and whether the reader has missed something before it."""
        before_oldest = self._newest - len(self._log)
        if cursor is Start.NOW:
            return self._newest, False
        if cursor is Start.NEWEST:
            return max(before_oldest, self._newest - limit), False
        known = self.reaches(cursor) and before_oldest <= cursor.id
        return (cursor.id, False) if known else (before_oldest, True)

    def _batch(self, after: int, limit: int, gap: bool) -> Batch:
        last = min(after + limit, self._newest)
        messages = tuple([self._log[id] for id in range(after + 1, last + 1)])
        return Batch(self.name, Cursor(self._epoch, last), gap, last < self._newest, messages)

    async def wait(
        self, cursor: Cursor | Start, timeout: float, limit: int = BATCH_MESSAGES
    ) -> Batch:
        """Give what follows a cursor as soon as there is something: `since`, hold, `since`.

        After `timeout` seconds, or when the room releases everybody, the batch is empty and its cursor unchanged.
        A waiter that is cancelled leaves nothing behind.
        """
        batch = self.since(cursor, limit)
        if batch.tells or timeout <= 0:
            return batch
        loop = asyncio.get_running_loop()
        held = loop.create_future()
        self._held[held] = asyncio.current_task()  # no `await` since `since`: nothing slips between
        timer = loop.call_later(timeout, _let_go, held)
        try:
            await held
        finally:
            timer.cancel()
            del self._held[held]
        return self.since(batch.cursor, limit)

    def follow(self, cursor: Cursor | Start, push: Push) -> Follower:
        """Push what follows a cursor to a reader until it leaves; the first batch at once, even when empty."""
        self._tell()  # a newcomer may stand only where everybody has been told
        follower = Follower(self, push)
        if follower.give(self.since(cursor)):
            self.catch_up(follower)
        return follower

    def catch_up(self, follower: Follower) -> None:
        """Give a reader that has taken its batch what came meanwhile, then let it stand with the others."""
        self._tell()
        while (batch := self.since(follower.cursor)).tells:
            if not follower.give(batch):
                return
        self._busy.pop(follower, None)
        self._idle[follower] = None

    def wait_for(self, follower: Follower) -> None:
        """Tell a reader nothing until it has taken its batch: it falls behind in the log, not in memory."""
        self._idle.pop(follower, None)
        self._busy[follower] = None

    def forget(self, follower: Follower) -> None:
        """Tell a reader nothing more."""
        self._idle.pop(follower, None)
        self._busy.pop(follower, None)

    async def post(self, draft: Draft) -> Ack:
        """Keep a message, and return when the store has it. Raises: Unavailable."""
        kept = await self._store.append(self.name, draft)
        return Ack(draft.key, kept.id, Cursor(self._store.epoch, kept.id), kept.duplicate)

    def take(self, message: Message) -> None:
        """Add a message that the store has, and tell everybody when this turn of the loop ends."""
        if self._early is not None:
            self._early.append(message)
        elif message.id > self._newest:  # else the tail had it already
            self._add(message)
            self._tell_soon()

    def _add(self, message: Message) -> None:
        if message.id <= self._newest:
            return
        if message.id > self._newest + 1:
            self._log.clear()  # what came between is lost: whoever stands before it learns of a gap
        self._log[message.id] = message
        self._newest = message.id
        if len(self._log) > self._history:
            del self._log[self._newest - self._history]

    def _tell_soon(self) -> None:
        self._batches.clear()
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_soon(self._tell)

    def release(self) -> None:
        """Let every held request go with what there is."""
        self._release(list(self._held))

    def let_go(self, who: asyncio.Task[object]) -> None:
        """Let the request that this task holds go with what there is."""
        self._release([held for held, whose in self._held.items() if whose is who])

    def _release(self, waiting: list[asyncio.Future[None]]) -> None:
        for held in waiting[:RELEASED_AT_ONCE]:
            _let_go(held)
        if rest := waiting[RELEASED_AT_ONCE:]:
            asyncio.get_running_loop().call_soon(self._release, rest)

    def _tell(self) -> None:
        """Release what is held, then push: the messages of one loop turn go out as one batch."""
        if not self._telling:
            return
        self._telling = False
        self.release()
        if not self._idle:
            self._told = self.cursor
            return
        while (batch := self.since(self._told)).tells:
            self._told = batch.cursor
            for follower in list(self._idle):
                follower.give(batch)


def _let_go(held: asyncio.Future[None]) -> None:
    """End a hold, unless it has ended: its waiter looks what there is."""
    if not held.done():
        held.set_result(None)
