"""A client of the chat for a bot: every message of a room once and in order, over whatever transport gets through.

    async with Bot("http://127.0.0.1:8888", "lobby") as bot:
        await bot.post("hello", author="bot")
        async for message in bot.messages():
            ...

It comes back with its cursor after every failure, waits longer each time, and after FAILURES_IN_A_ROW takes the next of
TRANSPORTS. It knows the wire contract alone.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, WSMsgType

from loadtests.client.batch import parse_batch, retry_after_seconds

TRANSPORTS = ("websocket", "server-sent-events", "long-polling", "short-polling")
FAILURES_IN_A_ROW = 2  # over one transport, before the next is tried
SILENCE_SECONDS = 45.0  # the heartbeat comes every 20
POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_LINE_BYTES = 1 << 22  # a hundred messages of 2000 characters, each of which JSON escapes
# What comes may also be another JSON than it should be: a captive portal's, say.
FAILURES = (ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError)
TEMPORARY = (408, 425, 429)  # and every 5xx
FINAL_CLOSES = (1008, *range(4400, 4500))

Batch = dict[str, Any]


class Rejected(Exception):
    """The server won’t have this request: asking again would change nothing."""


@dataclass
class Bot:
    """One reader and author in one room. `cursor` is all that it must keep to go on later."""

    url: str
    room: str
    cursor: str = ""
    transports: tuple[str, ...] = TRANSPORTS
    transport: str = ""  # the one that it reads over
    _last: int = field(default=0, init=False)

    async def __aenter__(self) -> Bot:
        timeout = ClientTimeout(total=None, sock_read=SILENCE_SECONDS)
        self._session = ClientSession(
            f"{self.url}/", timeout=timeout, read_bufsize=LONGEST_LINE_BYTES
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, text: str, author: str) -> int:
        """Send a message, again and again under one key until it is acknowledged; return its id. Raises: Rejected."""
        draft = {"author": author, "text": text, "key": secrets.token_hex(8)}
        failures = 0
        while True:
            with suppress(*FAILURES):
                async with self._session.post(f"rooms/{self.room}/messages", json=draft) as answer:
                    await demand(answer)
                    return int((await answer.json())["id"])
            failures += 1
            await asyncio.sleep(jitter(failures))

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield each message once and in order; a gap begins again with the oldest that there is. Raises: Rejected."""
        failures = 0
        while True:
            place = failures // FAILURES_IN_A_ROW % len(self.transports)
            self.transport = self.transports[place]
            with suppress(*FAILURES):
                async with aclosing(self._batches()) as batches:
                    async for batch in batches:
                        failures = place * FAILURES_IN_A_ROW  # this transport gets through
                        self._last = 0 if batch["gap"] else self._last
                        for message in batch["messages"]:
                            if message["id"] > self._last:
                                self._last = message["id"]
                                yield message
                        self.cursor = batch["cursor"]
            failures += 1
            await asyncio.sleep(jitter(failures))

    @property
    def _address(self) -> str:
        return f"rooms/{self.room}/{self.transport}?{urlencode({'cursor': self.cursor})}"

    def _batches(self) -> AsyncGenerator[Batch, None]:
        read = {"websocket": self._socket, "server-sent-events": self._events}
        return read.get(self.transport, self._polls)()

    async def _polls(self) -> AsyncGenerator[Batch, None]:
        while True:
            async with self._session.get(self._address) as answer:
                await demand(answer)
                batch = parse_batch(await answer.read())
            yield batch
            if self.transport == "short-polling" and not batch["more"]:
                await asyncio.sleep(POLL_SECONDS)

    async def _events(self) -> AsyncGenerator[Batch, None]:
        async with self._session.get(self._address) as answer:
            await demand(answer)
            data = b""
            while line := await answer.content.readline():
                name, _, value = line.strip().partition(b": ")
                if name == b"data":
                    data = value
                elif not name and data:  # an empty line ends an event
                    yield parse_batch(data)
                    data = b""

    async def _socket(self) -> AsyncGenerator[Batch, None]:
        async with self._session.ws_connect(self._address, max_msg_size=0) as socket:
            while (frame := await socket.receive(SILENCE_SECONDS)).type is WSMsgType.TEXT:
                yield parse_batch(frame.data)
            if socket.close_code in FINAL_CLOSES:
                raise Rejected(f"{socket.close_code} {frame.extra}")


async def demand(answer: ClientResponse) -> None:
    """Return when an answer is a good one. Raises: Rejected; ClientError, when the same may be good later."""
    if answer.status < 300:
        return
    if answer.status < 500 and answer.status not in TEMPORARY:
        raise Rejected(f"{answer.status} {await answer.text()}")
    await asyncio.sleep(retry_after_seconds(answer.headers.get("Retry-After", "")))
    raise ClientError(f"status {answer.status}")


def jitter(failures: int) -> float:
    """Return a pause in seconds, drawn evenly from all up to a bound that doubles."""
    return random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**failures))
