"""RedisStore: logs that several processes share, in a Redis (or Valkey) of version 7 or later.

A room's log is a stream; its messages have numbers of our own, because a stream's ids have holes. One script appends
to it, in one round trip: a key that is known already, the next number, the log and the feed by which every process
learns of it (see `Feed`) change together or not at all. A reply that is lost on its way leaves its sender in doubt,
here as everywhere: the message may have been kept. Asking again with the same key is safe, and only the sender can:
we never ask again by ourselves.

While Redis is away, reading goes on from memory and posting is refused. What was acknowledged is as safe as Redis
is configured to keep it: `appendonly yes` and `appendfsync always` for every crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import token_hex
from typing import Any

from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from transports.store import LONGEST_TEXT, Appended, OnAppend, OnReset, Store, Unavailable
from transports.stores.group_commit import GroupCommit, Waiting
from transports.stores.redis_address import AWAY, FAILURES, RedisAddress
from transports.stores.redis_feed import (
    FEED,
    FEED_ENTRIES,
    REPLY_SECONDS,
    STATE,
    Feed,
    to_message,
)
from transports.wire import Draft, Message

PROBE = "chat:probe"  # written, and gone at once, to see whether a message would be kept
READS_AT_ONCE = 16  # each takes a connection of its own
READ_SECONDS = 10.0  # to wait for the reads before it
REFUSES = "the store takes no messages now: try again"  # all that a client need know

log = logging.getLogger(__name__)

# Returns the epoch, the message's number, the feed's newest number, and 1 for a duplicate.
APPEND = """
local state, log, keys, feed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local room, author, text, sent_at, key, history, kept, feed_entries, fresh = unpack(ARGV)
redis.call('HSETNX', state, '#epoch', fresh)
local epoch = redis.call('HGET', state, '#epoch')
local known = key ~= '' and redis.call('ZSCORE', keys, key)
if known then
    return {epoch, tonumber(known), tonumber(redis.call('HGET', state, '#feed') or '0'), 1}
end
local id = redis.call('HINCRBY', state, room, 1)
local number = redis.call('HINCRBY', state, '#feed', 1)
local message = {'id', id, 'author', author, 'text', text, 'sent_at', sent_at}
if key ~= '' then
    table.insert(message, 'key')
    table.insert(message, key)
    redis.call('ZADD', keys, id, key)
end
redis.call('ZREMRANGEBYSCORE', keys, '-inf', id - kept)
redis.call('XADD', log, 'MAXLEN', '=', history, '*', unpack(message))
redis.call('XADD', feed, 'MAXLEN', '~', feed_entries, '*', 'number', number, 'room', room, unpack(message))
return {epoch, id, number, 0}
"""


class RedisStore(Store):
    """Keeps the newest `history` messages of each room, and the keys of the newest `kept`."""

    shared = True

    def __init__(self, url: str, history: int, kept: int) -> None:
        self.address = RedisAddress.parse(url)
        self.client = self.address.connect(REPLY_SECONDS)
        self._limits = (str(history), str(kept), str(FEED_ENTRIES))
        self._history = history
        self._group = GroupCommit(self._append_all)
        self._reading = asyncio.Semaphore(READS_AT_ONCE)

    async def open(self, on_append: OnAppend, on_reset: OnReset) -> None:
        async def on_epoch(epoch: str) -> None:
            self.epoch = epoch
            await on_reset()

        self._feed = Feed(self.address, on_append, on_epoch)
        try:
            await self.address.check_usable(self.client)
            await self._feed.open()
        except Unavailable:
            await self.client.aclose()
            raise

    async def tail(self, room: str) -> list[Message]:
        stream = f"chat:log:{room}"
        newest_first = await self._read(lambda: self.client.xrevrange(stream, count=self._history))
        tail: list[Message] = []
        for _, fields in newest_first:
            try:
                message = to_message(fields)
            except (KeyError, ValueError):
                self._feed.skip(stream)
                continue
            before = tail[-1].id - 1 if tail else message.id
            if message.id < before:
                break  # something is missing: what came before is no use
            if message.id == before:
                tail.append(message)
        return tail[::-1]

    async def append(self, room: str, draft: Draft) -> Appended:
        if self._feed.failing:
            raise Unavailable(AWAY)
        return await self._group.append(room, draft)

    async def _append_all(self, together: list[Waiting]) -> list[Appended | Unavailable]:
        async with self.client.pipeline(transaction=False) as pipe:
            for waiting in together:
                self._add(pipe, waiting)
            replies: list[Any] = await self._ask(pipe.execute(raise_on_error=False))
        stored = [(epoch, number) for epoch, _, number, _ in filter(_is_list, replies)]
        if stored:
            with suppress(Unavailable):  # it is stored, whether or not the feed has brought it yet
                await self._feed.read_up_to(
                    stored[-1][0].decode(), max(number for _, number in stored)
                )
        return [self._outcome(reply) for reply in replies]

    def _add(self, pipe: Pipeline, waiting: Waiting) -> None:
        room, draft = waiting.room, waiting.draft
        keys = (STATE, f"chat:log:{room}", f"chat:keys:{room}", FEED)
        message = (room, draft.author, draft.text, repr(waiting.sent_at), draft.key or "")
        pipe.eval(APPEND, len(keys), *keys, *message, *self._limits, token_hex(4))

    def _outcome(self, reply: Any) -> Appended | Unavailable:
        if isinstance(reply, Exception):
            log.warning("%s", self.address.unavailable(reply))
            return Unavailable(REFUSES)
        epoch, id, _, duplicate = reply
        if epoch.decode() != self.epoch:
            return Unavailable("the store begins anew: try again")
        return Appended(id, bool(duplicate))

    async def sync(self) -> None:
        epoch, number = await self._read(lambda: self.client.hmget(STATE, "#epoch", "#feed"))
        if epoch is None:
            raise Unavailable("the store begins anew: try again")
        await self._feed.read_up_to(epoch.decode(), int(number or 0))

    async def check(self) -> None:
        if self._feed.failing:
            raise Unavailable(AWAY)
        await self._ask(self.client.set(PROBE, LONGEST_TEXT, px=1))

    async def close(self) -> None:
        await self._group.finish()
        await self._feed.close()
        await self.client.aclose()

    async def _read(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Make a command, and await its answer, when it is its turn. Raises: Unavailable."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                await self._reading.acquire()
        except TimeoutError as error:
            raise Unavailable("the store is behind: try again") from error
        try:
            return await self._ask(command())
        finally:
            self._reading.release()

    async def _ask(self, command: Any) -> Any:
        """Await what the client answers. Raises: Unavailable."""
        try:
            return await command
        except ResponseError as error:
            raise Unavailable(REFUSES) from error
        except FAILURES as error:
            raise Unavailable(AWAY) from error


def _is_list(reply: Any) -> bool:
    return isinstance(reply, list)
