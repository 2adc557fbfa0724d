"""QueueConsumer: takes in what any program, in any language, has put on the queue, and posts it.

    XADD chat:ingest * room lobby author shop text "Order 42 shipped" key order-42

A consumer group deals each entry to one process (a plain XREAD would give it to all: right for reading a feed, wrong
for taking in work). An entry is acknowledged when its message is kept. If a process dies before that, another takes it:
at least once on the queue, and its key, or else its own id, makes that once in the room. Several processes work side
by side, so two entries that are on the queue at one moment may change places.

What can't be read is tried TRIES times – perhaps by a newer version of us – and then set aside in `chat:ingest:dead`,
with the reason. What the store refuses is tried for ever: that is not the entry's fault.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from redis.exceptions import ResponseError

from transports.store import Counts
from transports.stores.redis import RedisStore
from transports.stores.redis_retry import RetryLoop
from transports.wire import Draft, Unacceptable, room_field

QUEUE = "chat:ingest"
GROUP = "chat"
DEAD = "chat:ingest:dead"
DEAD_ENTRIES = 10_000
TRIES = 5
TOGETHER = 100  # entries that are taken in at once
BLOCK_SECONDS = 0.25
ABANDONED_SECONDS = 0.3  # under way for longer: it was left behind, and another takes it over
REPLY_SECONDS = 3.0

# Set an entry aside, unless another process has been quicker. ARGV: group, entry, limit, then its fields.
SET_ASIDE = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4))
return 1
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the queue, and how often somebody has tried to take it in, this time included."""

    id: bytes
    fields: dict[bytes, bytes]
    tries: int = 1

    def read(self) -> tuple[str, Draft]:
        """Return the room and the draft. Raises: Unacceptable."""
        try:
            text = {name.decode(): value.decode() for name, value in self.fields.items()}
        except UnicodeDecodeError as error:
            raise Unacceptable("it is not UTF-8") from error
        return room_field(text), Draft.of({"key": self.id.decode(), **text})


class QueueConsumer:
    """Takes entries from the queue into the rooms until it is closed."""

    def __init__(self, store: RedisStore, counts: Counts) -> None:
        self._counts = counts
        self._store = store
        self._client: Any = store.address.connect(BLOCK_SECONDS + REPLY_SECONDS)
        self._name = token_hex(8)  # among the group's consumers
        self._working = RetryLoop(store.address, self._turn, lambda: None)
        self._joined = False

    async def close(self) -> None:
        """Take in no more; what is under way is left to others."""
        await self._working.close()
        await self._client.aclose()

    async def _turn(self, failing: bool) -> None:
        if failing or not self._joined:
            await self._join()
        abandoned = await self._abandoned()
        fresh = await self._fresh(BLOCK_SECONDS if not abandoned else 0.001)
        await self._take_in([*abandoned, *fresh])

    async def _join(self) -> None:
        """Make the queue and its group, unless they are there. The group begins with what was put there before."""
        try:
            await self._client.xgroup_create(QUEUE, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._joined = True

    async def _fresh(self, block_seconds: float) -> list[Entry]:
        taken = await self._client.xreadgroup(
            GROUP, self._name, {QUEUE: ">"}, count=TOGETHER, block=round(block_seconds * 1000)
        )
        return [Entry(id, fields) for _, entries in taken for id, fields in entries]

    async def _abandoned(self) -> list[Entry]:
        idle = round(ABANDONED_SECONDS * 1000)
        _, entries, *_ = await self._client.xautoclaim(
            QUEUE, GROUP, self._name, min_idle_time=idle, count=TOGETHER
        )
        if not entries:
            return []
        first, last = entries[0][0], entries[-1][0]
        pending = await self._client.xpending_range(
            QUEUE, GROUP, min=first, max=last, count=TOGETHER, consumername=self._name
        )
        tries = {each["message_id"]: each["times_delivered"] for each in pending}
        return [Entry(id, fields, tries.get(id, 1)) for id, fields in entries]

    async def _take_in(self, entries: list[Entry]) -> None:
        """Post what can be posted, and acknowledge it. Raises: Unavailable; then the rest is tried again."""
        outcomes = await asyncio.gather(*map(self._post, entries), return_exceptions=True)
        posted = [entry.id for entry, out in zip(entries, outcomes, strict=True) if out is True]
        if posted:
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.xack(QUEUE, GROUP, *posted)
                pipe.xdel(QUEUE, *posted)
                await pipe.execute()
            self._counts.queue_taken += len(posted)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _post(self, entry: Entry) -> bool:
        """Post an entry; False: it can't be read. Raises: Unavailable."""
        try:
            room, draft = entry.read()
        except Unacceptable as why:
            if entry.tries >= TRIES:
                await self._set_aside(entry, str(why))
            return False
        appended = await self._store.append(room, draft)
        self._counts.messages += not appended.duplicate
        return True

    async def _set_aside(self, entry: Entry, reason: str) -> None:
        whole = [part for field in entry.fields.items() for part in field]
        why = ["reason", reason, "entry", entry.id, "tries", str(entry.tries)]
        keys, arguments = (QUEUE, DEAD), (GROUP, entry.id, str(DEAD_ENTRIES), *whole, *why)
        if await self._client.eval(SET_ASIDE, len(keys), *keys, *arguments):
            self._counts.queue_dead += 1
            log.warning("%s %s is set aside: %s", QUEUE, entry.id.decode(), reason)
