"""What a soak is made of: links that misbehave, and writers and readers that don't give up.

Each client reaches the server through a link of its own. Readers change their transport with each connection and carry
on from their cursor; writers send a message with its key until it is acknowledged. A client that hears nothing for
SILENCE_SECONDS takes its connection for dead, as the contract's clients do after 45 s.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count

from websockets.exceptions import WebSocketException

from tests.support.clients import CLIENTS, Client, Reader, Refused, WebSocket
from tutorial.laboratory.chaos import Conditions, Link

SILENCE_SECONDS = 2.0
LEAVE_SECONDS = 0.5
CALM_SECONDS = 0.3  # on average, between two disturbances by the same hand
PAUSE_SECONDS = 0.05  # on average, between two messages of a writer, and after a failure
ROOM = "soak"
BROKEN = (OSError, EOFError, TimeoutError, WebSocketException, ValueError)


class Soak:
    """A server's address, the links to it, and what was counted."""

    def __init__(self, port: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.port = port
        self.links: list[Link] = []
        self.acknowledged: dict[str, int] = {}
        self.cuts = self.changes = 0
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        self.writing = True
        self.last_id = 0  # set when the last message is acknowledged
        self.connected = 0

    async def link(self) -> Link:
        """Return a new link to the server."""
        self.links.append(Link(self.port, seed=self.random.getrandbits(32)))
        await self.links[-1].listen()
        return self.links[-1]

    async def disturb(self) -> None:
        """Do to one link after the other what networks do, for as long as the soak writes."""
        while self.writing:
            await asyncio.sleep(self.random.random() * 2 * CALM_SECONDS)
            await self.may_connect.wait()
            await self._disturb(
                self.random.choice([link for link in self.links if link._ends] or self.links)
            )

    async def _disturb(self, link: Link) -> None:
        match self.random.choice(("delay", "drip", "cut", "cut", "half-open")):
            case "delay":
                link.conditions = Conditions(latency_ms=self.random.uniform(0, 80), jitter_ms=40)
            case "drip":
                link.conditions = Conditions(drip=self.random.uniform(20_000, 200_000))
            case "half-open":
                link.freeze()
                await asyncio.sleep(self.random.uniform(0.5, 1.5 * SILENCE_SECONDS))
                self.cut(link)
                link.thaw()
            case "cut":
                self.cut(link)

    def cut(self, link: Link) -> None:
        """Reset the connections of a link, and count that if there were any."""
        self.cuts += bool(link._ends)
        link.cut()

    def heal(self) -> None:
        """Let all links carry everything at once."""
        for link in self.links:
            link.conditions = Conditions()
            link.thaw()

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Take what breaks as part of the game, and rest a moment before the next attempt."""
        try:
            yield
        except BROKEN:
            await asyncio.sleep(self.random.random() * 2 * PAUSE_SECONDS)

    @asynccontextmanager
    async def client(self, link: Link, transport: str, **query: str | int) -> AsyncIterator[Client]:
        """Join the room over a link; leave politely, or as a process that is killed does."""
        await self.may_connect.wait()
        client = CLIENTS[transport](f"http://127.0.0.1:{link.port}", ROOM, **query)
        self.connected += 1
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await client.join()
            try:
                yield client
            finally:
                await leave(client)
        finally:
            self.connected -= 1

    async def write(self, author: str) -> None:
        """Post messages, each until it is acknowledged, for as long as the soak writes."""
        link = await self.link()
        for number in count():
            if not self.writing:
                return
            key = f"{author}-{number}"
            while key not in self.acknowledged:
                async with self.patience():
                    await self._write_some(link, author, key)
            await asyncio.sleep(self.random.random() * 2 * PAUSE_SECONDS)

    async def _write_some(self, link: Link, author: str, key: str) -> None:
        transport = self.random.choice(("long-polling", "websocket"))
        async with self.client(link, transport, cursor="now") as client:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    ack = await client.post(key, author, key=key)
                    self.acknowledged[key] = ack["id"]
            except Refused as refused:
                if refused.status != 503:
                    raise

    async def read(self, reader: Reader, epoch: str) -> None:
        """Read with one transport after the other, until the last message is there."""
        link, cursor, before = await self.link(), f"{epoch}:0", ""
        while not self.last_id or reader.last_id < self.last_id:
            transport = self.random.choice(list(CLIENTS))
            async with self.patience(), self.client(link, transport, cursor=cursor) as client:
                self.changes += transport != before
                before = transport
                for _ in range(self.random.randint(1, 12)):
                    async with asyncio.timeout(SILENCE_SECONDS):
                        batch = await client.receive()
                    reader.take(batch)
                    cursor = batch.cursor


async def leave(client: Client) -> None:
    """Close a client's connections, at once if the other end doesn't answer."""
    try:
        async with asyncio.timeout(LEAVE_SECONDS):
            await client.leave()
    except BROKEN:
        if isinstance(client, WebSocket):
            client.socket.transport.abort()
            with suppress(*BROKEN):
                await client.socket.wait_closed()
