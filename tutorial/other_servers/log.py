"""The log of one room, in memory: `since` says what follows a cursor, `wait` lasts until the next message.

It knows the wire contract, and no framework: the handlers of any would do.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

EPOCH = secrets.token_hex(4)  # the log lies in memory, so each start is an epoch of its own
LIMIT, KEYS, HEARTBEAT_SECONDS = 100, 1000, 20


class Batch(NamedTuple):
    cursor: str
    news: bool
    more: bool
    json: str


class Log:
    def __init__(self, room: str, history: int) -> None:
        self.room, self.history, self.newest = room, history, 0
        self.messages: list[str] = []  # the retained ones, as JSON: each is encoded once
        self.keys: dict[str, int] = {}
        self.waiting: set[asyncio.Future[None]] = set()

    def post(self, draft: dict[str, str]) -> dict[str, Any]:
        key = {"key": draft["key"]} if "key" in draft else {}
        known = self.keys.get(draft.get("key", ""))
        if not known:
            self.append({"id": self.newest + 1, **draft, "sent_at": time.time()})
        id = known or self.newest
        return {"type": "ack", **key, "id": id, "cursor": f"{EPOCH}:{id}", "duplicate": bool(known)}

    def append(self, message: dict[str, Any]) -> None:
        self.newest = message["id"]
        self.messages = [*self.messages, json.dumps(message)][-self.history :]
        if "key" in message:
            self.keys[message["key"]] = self.newest
        if len(self.keys) > KEYS:
            del self.keys[next(iter(self.keys))]
        for future in self.waiting:
            if not future.done():
                future.set_result(None)

    def since(self, start: str, limit: int = LIMIT) -> Batch:
        trimmed = self.newest - len(self.messages)  # the id before the oldest retained message
        words = {"": max(trimmed, self.newest - limit), "now": self.newest, "oldest": trimmed}
        epoch, _, id = start.partition(":")
        after = words[start] if start in words else int(id)
        gap = start not in words and (epoch != EPOCH or not trimmed <= after <= self.newest)
        after = trimmed if gap else after
        return self.batch(self.messages[after - trimmed :][:limit], after, gap)

    def batch(self, found: list[str], after: int, gap: bool) -> Batch:
        cursor, more = f"{EPOCH}:{after + len(found)}", after + len(found) < self.newest
        fields = {"type": "batch", "room": self.room, "cursor": cursor, "gap": gap, "more": more}
        text = f'{json.dumps(fields)[:-1]}, "messages": [{", ".join(found)}]}}'
        return Batch(cursor, bool(gap or found), more, text)

    async def wait(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self.waiting.add(future)
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:  # when the client has gone, too
            self.waiting.discard(future)

    async def batches(self, start: str) -> AsyncIterator[Batch]:
        while True:
            batch = self.since(start)  # without news it is the heartbeat
            yield batch
            start = batch.cursor
            if not self.since(start).news:  # no `await` before `wait`: no message slips between
                await self.wait(HEARTBEAT_SECONDS)
