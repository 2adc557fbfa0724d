"""Room: who waits for the next message of one log.

Three questions can be asked of a room, and a transport is hardly more than one of them put on a wire: `since`
(what is there?), `wait` (what is next? – a held future) and `subscribe` (send me what comes, for as long as I'm
here). A room doesn't know who asks, or how the answer travels. All of it runs on one event loop: where there
is no `await`, nothing can come between two lines.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from itertools import groupby

from transports.fanout import Fanout
from transports.log import Log
from transports.store import Store
from transports.wire import BATCH_MESSAGES, Ack, Batch, Cursor, Draft, Message, Start

PUSHES_A_TURN = 500  # more would hold up the loop
RELEASES_A_TURN = 24  # of held requests, each of which is then answered

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

    def __init__(self, name: str, store: Store, history: int, fanout: Fanout) -> None:
        self.name = name
        self._store = store
        self._fanout = fanout
        self.log = Log(name, store.epoch, history)
        self._waiters: set[asyncio.Future[None]] = set()  # a held request each
        self._caught_up: dict[Subscription, None] = {}  # these wait for news
        self._sending: dict[Subscription, None] = {}  # the last batch of these is being written

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
        if self.readers and self.cursor != before:
            self._fanout.schedule(self._flush)

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
        timer = loop.call_later(timeout, _wake, held)
        try:
            await held
        finally:
            timer.cancel()
            self._waiters.discard(held)
        return self.since(batch.cursor, limit)

    def subscribe(self, cursor: Cursor | Start, push: Push) -> Subscription:
        """Push what follows a cursor to a reader until it cancels; the first batch at once, even when empty."""
        subscription = Subscription(self, push)
        if subscription.send(self.since(cursor)):
            self.resume(subscription)
        return subscription

    def resume(self, subscription: Subscription) -> None:
        """Send a reader whose batch is written what came meanwhile, then let it wait with the others."""
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
        """Add a message that the store has; readers get it with the next flush."""
        if self.log.add(message):  # else the tail had it already
            self._fanout.schedule(self._flush)

    def release(self) -> None:
        """Answer every held request with what there is."""
        self._fanout.schedule(self._flush)

    def _flush(self) -> Iterator[float]:
        """Release what is held, then push what is new; yield the share of a loop's turn that each step took."""
        waiters, subscriptions = list(self._waiters), list(self._caught_up)
        for start in range(0, len(waiters), RELEASES_A_TURN):
            for held in waiters[start : start + RELEASES_A_TURN]:
                _wake(held)
            yield (len(waiters) - start) / RELEASES_A_TURN
        for start in range(0, len(subscriptions), PUSHES_A_TURN):
            self._push_news(subscriptions[start : start + PUSHES_A_TURN])
            yield (len(subscriptions) - start) / PUSHES_A_TURN

    def _push_news(self, subscriptions: list[Subscription]) -> None:
        """Send each reader what follows its cursor; those at the same cursor share a batch."""
        for cursor, readers in groupby(subscriptions, lambda one: one.cursor):
            batch, pushed = self.since(cursor), 0
            for subscription in readers if batch.has_news else ():
                if subscription in self._caught_up:  # else it has left, or still writes
                    pushed += 1
                    if subscription.send(batch) and batch.more:
                        self.resume(subscription)
            self._fanout.sent.count(batch, pushed)


def _wake(held: asyncio.Future[None]) -> None:
    """End a hold, unless it has ended; its waiter reads what there is."""
    if not held.done():
        held.set_result(None)
