"""A chat server inside the test's own process and event loop: real sockets on a free port, nothing replaced.

Because it shares the test's loop, a test can force an interleaving: what the server does next is what the test awaits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transports.app import make_app
from transports.chat import Chat
from transports.room import Room
from transports.rooms import Rooms
from transports.server import Server
from transports.store import Appended, Store
from transports.stores import make_store
from transports.stores.memory import MemoryStore
from transports.wire import Draft, Message


@dataclass
class InProcessServer:
    """A server in this process: its chat, and its address."""

    chat: Chat
    server: Server
    url: str
    stopped: bool = False

    @property
    def held(self) -> int:
        """The number of requests that are held at this moment, in all rooms."""
        return sum(room.held for room in self.chat.rooms)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def room(self, name: str = "lobby") -> Room:
        return await self.chat.rooms.enter(name)

    async def stop(self) -> None:
        """Drain the server; a second call does nothing."""
        if not self.stopped:
            self.stopped = True
            await self.server.drain()


async def start(
    store: str | Store = "memory",
    history: int = 1000,
    transports: Mapping[str, Any] | None = None,
    trusted_origins: tuple[str, ...] = (),
    **settings: Any,
) -> InProcessServer:
    """Start a server; `settings` are those of Chat (`hold_seconds`, `rate`, `publish_key`, …)."""
    rooms = Rooms(make_store(store, history) if isinstance(store, str) else store, history)
    await rooms.open()
    chat = Chat(rooms, **settings)
    table = dict(transports) if transports else None
    server = Server(chat, make_app(chat, trusted_origins=trusted_origins, transports=table))
    return InProcessServer(chat, server, f"http://127.0.0.1:{server.listen(0)}")


class GatedStore(MemoryStore):
    """A memory store that waits for the test: it reads once `reading` is set, and appends once `appending` is."""

    def __init__(self) -> None:
        super().__init__(1000, 1000)
        self.reading = asyncio.Event()
        self.appending = asyncio.Event()
        self.calls = 0

    def open_gates(self) -> None:
        self.reading.set()
        self.appending.set()

    async def tail(self, room: str) -> list[Message]:
        self.calls += 1
        await self.reading.wait()
        return await super().tail(room)

    async def append(self, room: str, draft: Draft) -> Appended:
        self.calls += 1
        await self.appending.wait()
        return await super().append(room, draft)


class Errors(logging.Handler):
    """Collects what is logged as an error, or with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            self.records.append(record)

    def take(self) -> list[str]:
        """Remove the messages collected so far, and return them."""
        messages = [record.getMessage() for record in self.records]
        self.records.clear()
        return messages
