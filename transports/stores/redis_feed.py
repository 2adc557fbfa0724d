"""Feed: how one process learns of what every process stores.

All processes read one stream, each with a plain XREAD, which gives every entry to everybody (a consumer group would
give each to one). It is one for all rooms, and not each room's own log: with ten thousand private rooms, every XREAD
would have to name ten thousand streams. XREAD doesn't say what was trimmed before it came, so the entries carry
numbers of our own. The logs have an epoch, a new one after a Redis that forgot them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import isfinite
from secrets import token_hex
from typing import Any

from transports.store import OnAppend, Unavailable
from transports.stores.redis_address import AWAY, FAILURES, RedisAddress
from transports.stores.redis_retry import RetryLoop
from transports.wire import Draft, Message, Unacceptable

# A hash: #epoch, #feed (the number of its newest entry), and each room's newest id.
STATE = "chat:life"
FEED = "chat:feed"
FEED_ENTRIES = 10_000  # about; a process that falls further behind reads its rooms anew
READ_ENTRIES = 500
BLOCK_SECONDS = 1.0  # and so long does it take, at most, to see that an idle Redis was emptied
REPLY_SECONDS = 3.0

# Return the epoch, the feed's newest number and its last entry. A new epoch begins when there is none, or when
# Redis came back with less than ARGV[3], which this process has read already in the epoch ARGV[2].
BEGIN = """
local epoch = redis.call('HGET', KEYS[1], '#epoch')
local number = tonumber(redis.call('HGET', KEYS[1], '#feed') or '0')
if not epoch or (epoch == ARGV[2] and number < tonumber(ARGV[3])) then
    epoch = ARGV[1]
    redis.call('HSET', KEYS[1], '#epoch', epoch)
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {epoch, number, last[1] and last[1][1] or '0-0'}
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """How far the feed was read: up to the entry `number` of `epoch`; `entry` is the stream's own id."""

    epoch: str
    number: int
    entry: str


class Missed(Exception):
    """Entries of the feed are gone that this process has not read."""


class Feed:
    """Reads the feed for ever, and gives each message in it to `on_append`."""

    def __init__(
        self,
        address: RedisAddress,
        on_append: OnAppend,
        on_epoch: Callable[[str], Awaitable[None]],
    ) -> None:
        self._address = address
        self._client = address.connect(BLOCK_SECONDS + REPLY_SECONDS)
        self._on_append = on_append
        self._on_epoch = on_epoch
        self._place = Place("", 0, "0-0")
        self._lost = True
        self._moved = asyncio.Event()  # set, and replaced, when anything here has changed
        self._skipped: set[str] = set()

    async def open(self) -> None:
        """Find the present, and read from there on. Raises: Unavailable."""
        try:
            await self._begin()
        except FAILURES as error:
            await self._client.aclose()
            raise self._address.unavailable(error) from error
        self._reading = RetryLoop(self._address, self._read, self._note)

    @property
    def failing(self) -> bool:
        """Whether Redis is away."""
        return self._reading.failing

    async def close(self) -> None:
        """Read no more."""
        await self._reading.close()
        await self._client.aclose()

    async def read_up_to(self, epoch: str, number: int) -> None:
        """Return when everything up to `number` has been given to `on_append`. Raises: Unavailable."""
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                while not self._has_read(epoch, number):
                    if self.failing:
                        raise Unavailable(AWAY)
                    await self._moved.wait()
        except TimeoutError as error:
            raise Unavailable("the store is behind: try again") from error

    def _has_read(self, epoch: str, number: int) -> bool:
        return not self._lost and self._place.epoch == epoch and self._place.number >= number

    def _note(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def _begin(self) -> None:
        """Go to the present: what came before it, the rooms read from their logs."""
        self._lost = True
        seen = self._place
        begin = self._client.eval(BEGIN, 2, STATE, FEED, token_hex(4), seen.epoch, str(seen.number))
        epoch, number, entry = await begin
        place = Place(epoch.decode(), number, entry.decode())
        await self._on_epoch(place.epoch)
        self._place, self._lost = place, False

    async def _read(self, failing: bool) -> None:
        if self._lost:
            await self._begin()
        block_seconds = 0.001 if failing else BLOCK_SECONDS
        async with self._client.pipeline(transaction=False) as pipe:
            at: Any = {FEED: self._place.entry}
            pipe.xread(at, count=READ_ENTRIES, block=round(block_seconds * 1000))
            pipe.hmget(STATE, "#epoch", "#feed")
            streams, (epoch, number) = await pipe.execute()
        if epoch != self._place.epoch.encode() or int(number or 0) < self._place.number:
            return await self._begin()  # the logs are others since, or have lost their end
        try:
            for _, entries in streams or []:
                for entry, fields in entries:
                    self._take(entry.decode(), fields)
        except Missed:
            await self._begin()

    def _take(self, entry: str, fields: dict[bytes, bytes]) -> None:
        """Return one entry to its room. Raises: Missed."""
        place = replace(self._place, entry=entry)
        try:
            number, room = int(fields[b"number"]), fields[b"room"].decode()
            message = to_message(fields)
        except (KeyError, ValueError):
            self.skip(FEED)
        else:
            if number != place.number + 1:
                raise Missed
            self._on_append(room, message)
            place = replace(place, number=number)
        self._place = place

    def skip(self, stream: str) -> None:
        """Skip an entry that is not ours; log the first of a stream."""
        if stream not in self._skipped:
            self._skipped.add(stream)
            log.warning("%s holds an entry that is not ours: skipped, as others will be", stream)


def to_message(fields: dict[bytes, bytes]) -> Message:
    """Read the message from an entry. Raises: KeyError, ValueError, when it is not one of ours."""
    text = {name.decode(): value.decode() for name, value in fields.items()}
    try:
        draft = Draft.of(text)
    except Unacceptable as error:
        raise ValueError(*error.args) from error
    id, sent_at = int(text["id"]), float(text["sent_at"])
    if id < 1 or not isfinite(sent_at):
        raise ValueError(f"no number for a message: {id}, {sent_at}")
    return Message(id, draft.author, draft.text, sent_at, draft.key)
