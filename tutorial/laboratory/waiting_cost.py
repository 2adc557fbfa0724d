"""Waiting: what readers who only wait cost, over each transport: memory, requests, bytes – and how late they hear.

`python -m tutorial.laboratory.waiting_cost '{"seconds": "60"}'` lets as many readers wait over each of three
transports, each pool on a fresh server of its own, in a room where somebody speaks once. It tells, one JSON object a
second, what one reader has cost so far. It is a client like the crew, and sees of a server only its answers and
`/inspect`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from loadtests.client.limits import raise_limits
from tutorial.laboratory.disposable_server import PUBLISH_KEY, fresh_server
from tutorial.laboratory.pool_connection import Connection
from tutorial.laboratory.reader_pool import TRANSPORTS, Crowd, Reader

READERS = 200  # a transport
FIRST_READERS = 20  # what a server does for the first time takes memory that is nobody's
INTERVAL_SECONDS = 1.0  # of short polling
SETTLE_SECONDS = 2.0
SEED = 7
LENGTHS = ("60",)  # seconds


@dataclass
class Waiting:
    """One crowd that waits on a server of its own. `kib` is what each of them weighs in the server's memory."""

    transport: str
    crowd: Crowd
    watch: Connection
    kib: float
    requests: int = 0
    carried: int = 0

    @classmethod
    async def begin(cls, transport: str, port: int, readers: int = READERS) -> Waiting:
        """Let the readers come, and weigh them once they are settled."""
        watch = await Connection.open(port)
        first = await _come(transport, port, min(FIRST_READERS, readers))
        await first.end()
        before = (await watch.inspect())["rss_bytes"]
        crowd = await _come(transport, port, readers)
        grown = (await watch.inspect())["rss_bytes"] - before
        return cls(transport, crowd, watch, kib=grown / 1024 / readers)

    def count_from_now(self) -> None:
        """Begin to count: what it took to come doesn't belong to the waiting."""
        self.requests, self.carried = self.crowd.requests, self.crowd.carried

    async def speak(self) -> None:
        """Say something in the room where all of them wait."""
        await self.watch.publish("waiting", "Is anybody there?", PUBLISH_KEY)

    def row(self) -> dict[str, float | None]:
        """Return what one reader has cost since then; the delay is the median, None before anybody spoke."""
        delays, readers = self.crowd.delays_ms, len(self.crowd.readers)
        return {
            "requests": (self.crowd.requests - self.requests) / readers,
            "bytes": (self.crowd.carried - self.carried) / readers,
            "kib": self.kib,
            "heard": len(delays),
            "delay_ms": median(delays) if delays else None,
        }

    async def end(self) -> None:
        """Let them go."""
        await self.crowd.end()
        self.watch.close()


async def _come(transport: str, port: int, count: int) -> Crowd:
    chance = random.Random(SEED)
    readers = [
        Reader("waiting", INTERVAL_SECONDS, 0.1, random=random.Random(chance.random()))
        for _ in range(count)
    ]
    crowd = await Crowd.meet(port, readers)
    apart = INTERVAL_SECONDS / count if transport == "short-polling" else 0.0
    await crowd.begin(TRANSPORTS[transport], apart)
    await crowd.read_on(SETTLE_SECONDS)
    return crowd


async def wait(seconds: int, readers: int = READERS) -> AsyncIterator[dict[str, Any]]:
    """Yield, each second, what one reader has cost over each transport so far.

    Half-way somebody speaks, in one room after the other: the crowds share a process, and would delay each other.
    """
    raise_limits(len(TRANSPORTS) * readers)
    async with AsyncExitStack() as servers:
        crowds = []
        for transport in TRANSPORTS:
            port = await servers.enter_async_context(fresh_server())
            crowds.append(await Waiting.begin(transport, port, readers))
            servers.push_async_callback(crowds[-1].end)
        for one in crowds:
            one.count_from_now()
        for second in range(seconds):
            speaking = second - seconds // 2
            if 0 <= speaking < len(crowds):
                await crowds[speaking].speak()
            await asyncio.gather(*(one.crowd.read_on(1.0) for one in crowds))
            yield {"seconds": second + 1, "rows": {one.transport: one.row() for one in crowds}}


async def main(seconds: int) -> None:
    """Print what `wait` yields, and that it has ended."""
    async for told in wait(seconds):
        print(json.dumps(told), flush=True)
    print(json.dumps({"end": True, "readers": READERS}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(json.loads(sys.argv[1])["seconds"])))
