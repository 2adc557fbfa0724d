"""A crew of readers in a process of its own, for experiments that need more of them than a browser has connections.

`python -m tutorial.laboratory.reader_pool '{"run": "herd", …}'` reads the chat over real sockets and reports what it
measures, one JSON object a line. It is a client like any other: it speaks the wire contract and sees nothing of the
server but its answers and `/inspect`. Its requests carry as many header bytes as a browser's, or its byte counts
would flatter polling.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tutorial.laboratory.pool_connection import Connection

HOLD_SECONDS = 25
SETTLE_SECONDS = (
    0.6  # before the measurement: everybody is connected, and what connecting cost is past
)
Reading = Callable[["Reader", Connection], Coroutine[Any, Any, None]]


def tell(**told: object) -> None:
    """Write one line for whoever started the crew."""
    print(json.dumps(told), flush=True)


@dataclass
class Reader:
    """One reader of a room: what it does, and what it has noticed."""

    room: str
    interval: float = 1.0
    jitter: float = 0.0
    delay_ms: float = 0.0
    random: random.Random = field(default_factory=random.Random)
    on_poll: Callable[[], None] = lambda: None
    cursor: str = "now"
    requests: int = 0
    delays_ms: list[float] = field(default_factory=list)

    def took(self, body: bytes) -> None:
        """Note a batch, and how late each of its messages is."""
        now = time.time()
        batch = json.loads(body)
        self.cursor = batch["cursor"]
        self.delays_ms += [(now - message["sent_at"]) * 1000 for message in batch["messages"]]

    async def poll(self, connection: Connection, path: str) -> None:
        """Ask once, and note the answer."""
        self.requests += 1
        self.took(await connection.ask(f"/rooms/{self.room}/{path}cursor={self.cursor}"))


async def short_polling(reader: Reader, connection: Connection) -> None:
    """Ask, rest, ask: in step with the clock, as a timer in a page would, but for the jitter."""
    due = time.monotonic()
    while True:
        reader.on_poll()
        await reader.poll(connection, "short-polling?")
        spread = reader.interval * reader.jitter
        due += reader.interval + reader.random.uniform(-spread, spread)
        await asyncio.sleep(due - time.monotonic())


async def long_polling(reader: Reader, connection: Connection) -> None:
    """Ask, be held, ask again at once."""
    path = f"long-polling?wait={HOLD_SECONDS}&"
    if reader.delay_ms:
        path = f"batching?wait={HOLD_SECONDS}&delay_ms={reader.delay_ms:g}&"
    while True:
        await reader.poll(connection, path)


async def websocket(reader: Reader, connection: Connection) -> None:
    """Connect once, and be told."""
    await connection.upgrade(f"/rooms/{reader.room}/websocket?cursor=now")
    while True:
        reader.took(await connection.frame())


TRANSPORTS: dict[str, Reading] = {
    "short-polling": short_polling,
    "long-polling": long_polling,
    "websocket": websocket,
}


class Crowd:
    """Some readers of one room over one transport, each on a connection of its own."""

    def __init__(self, readers: list[Reader], connections: list[Connection]) -> None:
        self.readers = readers
        self._connections = connections
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def meet(cls, port: int, readers: list[Reader]) -> Crowd:
        """Connect them all."""
        return cls(readers, [await Connection.open(port) for _ in readers])

    async def begin(self, reading: Reading, apart_seconds: float = 0.0) -> None:
        """Begin to read, one after the other."""
        for reader, connection in zip(self.readers, self._connections, strict=True):
            self._tasks.append(asyncio.create_task(reading(reader, connection)))
            await asyncio.sleep(apart_seconds)

    async def read_on(self, seconds: float) -> None:
        """Read for some time. Raises: OSError, as soon as one of them can't."""
        done, _ = await asyncio.wait(
            self._tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in done:
            task.result()

    async def end(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._connections:
            connection.close()

    @property
    def requests(self) -> int:
        return sum(reader.requests for reader in self.readers)

    @property
    def carried(self) -> int:
        return sum(connection.carried for connection in self._connections)

    @property
    def delays_ms(self) -> list[float]:
        return [round(delay, 2) for reader in self.readers for delay in reader.delays_ms]


async def herd(given: dict[str, Any]) -> None:
    """Start pollers in the same instant, and tell when each poll leaves: in step, or not."""
    began = time.monotonic()

    def noting(number: int) -> Callable[[], None]:
        return lambda: tell(poller=number, at=round(time.monotonic() - began, 4))

    readers = [
        Reader(
            given["room"],
            interval=given["interval"],
            jitter=given["jitter"],
            random=random.Random(given["seed"] + number),
            on_poll=noting(number),
        )
        for number in range(given["pollers"])
    ]
    crowd = await Crowd.meet(given["port"], readers)
    began = time.monotonic()
    await crowd.begin(short_polling)
    await crowd.read_on(given["seconds"])
    await crowd.end()
    tell(done=True, requests=crowd.requests)


async def rates(given: dict[str, Any]) -> None:
    """Read the same messages over each transport in turn, at each rate, and tell what each cost."""
    for rate in given["rates"]:
        for transport in given["transports"]:
            tell(**await _measure(transport, rate, given))
    tell(done=True)


async def _measure(transport: str, rate: float, given: dict[str, Any]) -> dict[str, object]:
    """Measure one transport at one rate: what the server counts while messages come, and each one's delay."""
    interval, seeded = given["interval"], random.Random(given["seed"])
    room = f"{given['room']}-{transport}"
    readers = [
        Reader(room, interval, 0.1, given["delay_ms"], random.Random(seeded.random()))
        for _ in range(given["readers"])
    ]
    crowd = await Crowd.meet(given["port"], readers)
    watch, author = await Connection.open(given["port"]), await Connection.open(given["port"])
    apart = interval / len(readers) if transport == "short-polling" else 0
    await crowd.begin(TRANSPORTS[transport], apart)
    await crowd.read_on(SETTLE_SECONDS)
    asked, carried, before = crowd.requests, crowd.carried, await watch.inspect()
    posting = asyncio.create_task(_post(author, room, rate, given["seconds"], seeded))
    await crowd.read_on(given["seconds"])
    asked, carried, after = crowd.requests - asked, crowd.carried - carried, await watch.inspect()
    posted = await posting
    await crowd.read_on(interval * 1.2 if transport == "short-polling" else SETTLE_SECONDS)
    await crowd.end()
    told = {"transport": transport, "rate": rate, "posted": posted, "delays_ms": crowd.delays_ms}
    return told | _costs(before, after, asked, carried)


def _costs(
    before: dict[str, Any], after: dict[str, Any], asked: int, carried: int
) -> dict[str, float]:
    """Return what was spent between two inspections: by the server's count, and what the readers saw of it."""
    took = after["uptime_seconds"] - before["uptime_seconds"]
    polls = ("short-polling", "long-polling", "batching", "websocket")
    counted = sum(after["requests"].get(k, 0) - before["requests"].get(k, 0) for k in polls)
    return {
        "requests_per_second": counted / took,
        "requests_asked_per_second": asked / took,
        "bytes_per_second": carried / took,
        "cpu_percent": 100 * (after["cpu_seconds"] - before["cpu_seconds"]) / took,
    }


async def _post(
    author: Connection, room: str, rate: float, seconds: float, seeded: random.Random
) -> int:
    """Post at a rate, each message at a random moment of its own slot; an open loop, that waits for nobody."""
    began = time.monotonic()
    count = max(1, round(rate * seconds))
    for number in range(count):
        due = began + (number + seeded.random()) * seconds / count
        await asyncio.sleep(due - time.monotonic())
        await author.publish(room, f"message {number}", os.environ["CHAT_PUBLISH_KEY"])
    return count


RUNS = {"herd": herd, "rates": rates}


def main(argument: str) -> None:
    """Run what the argument, a JSON object, asks for."""
    given = json.loads(argument)
    asyncio.run(RUNS[given["run"]](given))


if __name__ == "__main__":
    main(sys.argv[1])
