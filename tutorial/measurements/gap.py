"""The gap: what falls between two requests, when nothing remembers where the reader was."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tutorial.laboratory.disposable_server import PUBLISH_KEY
from tutorial.laboratory.pool_connection import Connection
from tutorial.measurements.names import Values

STARTER = str(Path(__file__).parents[1] / "exercises" / "03_gap" / "starter.py")
ROUNDS = 100


async def gap(port: int) -> Values:
    """What share of messages is lost when people press Enter at once, by exercise 3’s starter and by the chat."""
    values: Values = {"rounds": ROUNDS}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        starting = free.getsockname()[1]
    demo = await asyncio.create_subprocess_exec(sys.executable, STARTER, str(starting))
    try:
        await _knock(starting)
        for authors in (2, 5):
            values[f"demo_{authors}_lost_percent"] = await _lost_percent(_Demo(starting), authors)
            values[f"chat_{authors}_lost_percent"] = await _lost_percent(_Chat(port), authors)
    finally:
        demo.terminate()
        await demo.wait()
    return values


async def _knock(port: int) -> None:
    """Wait until somebody listens on a port."""
    async with asyncio.timeout(10):
        while True:
            with suppress(OSError):
                (await Connection.open(port)).close()
                return
            await asyncio.sleep(0.05)


@dataclass(frozen=True)
class _Chat:
    port: int

    def path(self, cursor: str) -> str:
        return f"/rooms/gap/long-polling?wait=5&cursor={cursor or 'now'}"

    async def post(self, author: Connection) -> None:
        await author.publish("gap", "at once", PUBLISH_KEY)


class _Demo(_Chat):
    def path(self, cursor: str) -> str:
        return f"/messages?cursor={cursor}"

    async def post(self, author: Connection) -> None:
        await author.post("/messages", {"text": "at once"})


async def _lost_percent(place: _Chat, authors: int) -> float:
    reading, seen = await Connection.open(place.port), list[int]()
    writing = [await Connection.open(place.port) for _ in range(authors)]

    async def read() -> None:
        cursor = ""
        while True:
            told = json.loads(await reading.ask(place.path(cursor)))
            cursor = told["cursor"]
            seen.extend(message["id"] for message in told["messages"])

    task = asyncio.create_task(read())
    for _ in range(ROUNDS):
        await asyncio.sleep(0.02)
        await asyncio.gather(*(place.post(author) for author in writing))
    await asyncio.sleep(0.2)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    for connection in (reading, *writing):
        connection.close()
    return 100 * (1 - len(seen) / (ROUNDS * authors))
