"""Room: who waits for the next message of one log.

Three questions can be asked of a room, and a transport is hardly more than one of them put on a wire: `since`
(what is there?), `wait` (what is next? – a held future) and `subscribe` (send me what comes, for as long as I'm
here). A room doesn't know who asks, or how the answer travels. All of it runs on one event loop: where there
is no `await`, nothing can come between two lines.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from transports.log import Log
from transports.store import Store
from transports.wire import BATCH_MESSAGES, Ack, Batch, Cursor, Draft, Message, Start

RELEASED_AT_ONCE = 100  # held requests answered in one turn of the loop; 2000 would stall it

# Writes a batch to its reader. None: it was written at once. Else a future that is done when it was.
Push = Callable[[Batch], "asyncio.Future[None] | None"]

log = logging.getLogger(__name__)


class Subscription:
    """One reader that a room pushes to: its cursor, and whether its last batch is written.

    The next batch goes only when the last was written. A slow reader falls behind in the log, which is there
    anyway, and not in a buffer of its own; then it gets one bigger batch, or learns of its gap.
    """

    __slots__ = ("_open", "_push", "_room", "cursor")

    def __init__(self, room: Room, push: Push) -> None:
        self._room = room
        self._push = push
        self._open = True
        self.cursor = room.cursor

    def send(self, batch: Batch) -> bool:
        """Push a batch; return whether it was written at once. An exception ends this reader alone."""
        self.cursor = batch.cursor
        try:
            written = self._push(batch)
        except Exception:
            log.exception("a reader of room %s failed, and is sent nothing more", self._room.name)
            self.cancel()
            return False
        if written is None:
            return True
        if self._open:  # else the push itself has cancelled it
            self._room.pause(self)
        written.add_done_callback(self._on_written)
        return False

    def _on_written(self, written: asyncio.Future[None]) -> None:
        if written.cancelled() or written.exception() is not None:
            self.cancel()
        elif self._open:
            self._room.resume(self)

    def cancel(self) -> None:
        """Be sent nothing more. May be called more than once."""
        self._open = False
        self._room.remove(self)


class Room:
    """One room: its log, the requests it holds, and its subscriptions."""

    def __init__(self, name: str, store: Store, history: int) -> None:
        self.name = name
        self._store = store
        self.log = Log(name, store.epoch, history)
        self._waiters: set[asyncio.Future[None]] = set()  # a held request each
        self._caught_up: dict[Subscription, None] = {}  # all of these are at `_delivered_to`
        self._sending: dict[Subscription, None] = {}  # the last batch of these is being written
        self._delivered_to = self.cursor
        self._flush_scheduled = False

    @property
    def cursor(self) -> Cursor:
        """The place after the newest message."""
        return self.log.cursor

    @property
    def held(self) -> int:
        """How many requests are held at this moment."""
        return len(self._waiters)

    @property
    def readers(self) -> int:
        """How many are here: held requests and subscriptions."""
        return len(self._waiters) + len(self._caught_up) + len(self._sending)

    def reset(self, tail: list[Message]) -> None:
        """Begin again with what the store has now; readers of another log learn of a gap."""
        before = self.cursor
        self.log.replace(self._store.epoch, tail)
        if not self.readers:
            self._delivered_to = self.cursor
        elif self.cursor != before:
            self._schedule_flush()

    def since(self, cursor: Cursor | Start, limit: int = BATCH_MESSAGES) -> Batch:
        """Return what follows a cursor, at once: at most `limit` messages, oldest first."""
        return self.log.since(cursor, limit)

    async def wait(
        self, cursor: Cursor | Start, timeout: float, limit: int = BATCH_MESSAGES
    ) -> Batch:
        """Return what follows a cursor as soon as there is something: `since`, hold, `since`.

        After `timeout` seconds, or when the room releases everybody, the batch is empty and its cursor unchanged.
        A waiter that is cancelled leaves nothing behind.
        """
        batch = self.since(cursor, limit)
        if batch.has_news or timeout <= 0:
            return batch
        loop = asyncio.get_running_loop()
        held = loop.create_future()
        self._waiters.add(held)  # no `await` since `since`: nothing slips between
        timer = loop.call_later(timeout, self._release, [held])
        try:
            await held
        finally:
            timer.cancel()
            self._waiters.discard(held)
        return self.since(batch.cursor, limit)

    def subscribe(self, cursor: Cursor | Start, push: Push) -> Subscription:
        """Push what follows a cursor to a reader until it cancels; the first batch at once, even when empty."""
        self._flush()  # a newcomer may join the others only where all of them are
        subscription = Subscription(self, push)
        if subscription.send(self.since(cursor)):
            self.resume(subscription)
        return subscription

    def resume(self, subscription: Subscription) -> None:
        """Send a reader whose batch is written what came meanwhile, then let it wait with the others."""
        self._flush()
        while (batch := self.since(subscription.cursor)).has_news:
            if not subscription.send(batch):
                return
        self._sending.pop(subscription, None)
        self._caught_up[subscription] = None

    def pause(self, subscription: Subscription) -> None:
        """Send a reader nothing until it resumes: it falls behind in the log, not in memory."""
        self._caught_up.pop(subscription, None)
        self._sending[subscription] = None

    def remove(self, subscription: Subscription) -> None:
        """Send a reader nothing more."""
        self._caught_up.pop(subscription, None)
        self._sending.pop(subscription, None)

    async def post(self, draft: Draft) -> Ack:
        """Append a message, and return when the store has it. Raises: Unavailable."""
        appended = await self._store.append(self.name, draft)
        cursor = Cursor(self._store.epoch, appended.id)
        return Ack(draft.key, appended.id, cursor, appended.duplicate)

    def add(self, message: Message) -> None:
        """Add a message that the store has; readers get it when this turn of the loop ends."""
        if self.log.add(message):  # else the tail had it already
            self._schedule_flush()

    def _schedule_flush(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Release what is held, then push: the messages of one loop turn go out as one batch."""
        if not self._flush_scheduled:
            return
        self._flush_scheduled = False
        self.release()
        if not self._caught_up:
            self._delivered_to = self.cursor
            return
        while (batch := self.since(self._delivered_to)).has_news:
            self._delivered_to = batch.cursor
            for subscription in list(self._caught_up):
                subscription.send(batch)

    def release(self) -> None:
        """Answer every held request with what there is."""
        self._release(list(self._waiters))

    def _release(self, waiting: list[asyncio.Future[None]]) -> None:
        for held in waiting[:RELEASED_AT_ONCE]:
            if not held.done():  # its waiter wakes, and reads what there is
                held.set_result(None)
        if rest := waiting[RELEASED_AT_ONCE:]:
            asyncio.get_running_loop().call_soon(self._release, rest)
