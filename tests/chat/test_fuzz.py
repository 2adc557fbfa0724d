"""Ten thousand requests and frames that no client should send: no 5xx, no traceback, nothing held, nothing kept.

The dice are seeded, so that a failure can be thrown again: the test names its seed and what it sent.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import re
from collections import Counter

import pytest
from tornado.web import RequestHandler

from tests.chat.test_refusals import (
    BAD_CURSORS,
    BAD_LIMITS,
    BAD_WAITS,
    HANDSHAKE,
    NO_ROOMS,
    STRANGERS,
)
from tests.chat.test_wire import MALFORMED
from tests.support.clients import joined
from tests.support.http import ask, connected
from tests.support.in_process_server import InProcessServer
from tests.support.waiting import until
from transports.app import TRANSPORTS
from transports.rooms import IDLE_ROOMS
from transports.stream import CountedStream
from transports.wire import BODY_BYTES

STRANGE = [
    "", "\x00", "\r\n", "%", "%00", "%ff", "%F0%9F", "é", "😀", "../..", "a" * 300, "-1", "9" * 400, "null", "NaN",
    "{}", "[]", "'", '"', "\\", ";", "&", "=", "?", "#", "<script>", "${x}", "{{x}}", "\x7f", "\u2028", "True", "lobby",
    "now", "9f3c2a11:0", "short-polling", "websocket", "messages",
]  # fmt: skip
HEADER_NAMES = [
    "Origin", "Sec-Fetch-Site", "Last-Event-ID", "X-Forwarded-For", "Authorization", "Content-Type", "Accept", "Cookie",
    "If-None-Match", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Range", "Expect", "X-Y",
    "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Accept-Encoding", "X-Http-Method-Override", "Host", "TE",
]  # fmt: skip


class Dice(random.Random):
    """Makes what no client should send."""

    def strange(self) -> str:
        return self.choice(STRANGE) + (self.choice(STRANGE) if self.random() < 0.3 else "")

    def header(self, value: str) -> str:
        """Make a value that gets past HTTP's own syntax, so that the chat has to judge it."""
        return re.sub(r"[\x00-\x1f\x7f\u0100-\U0010ffff]", "~", value)

    def path(self) -> str:
        room = self.choice(["lobby", f"r{self.randrange(2000)}", *NO_ROOMS])
        last = self.choice([*TRANSPORTS, *TRANSPORTS, "messages", "", "pigeon"])
        query = "&".join(f"{self.name()}={self.value()}" for _ in range(self.randrange(4)))
        path = self.choice(
            [f"/rooms/{room}/{last}"] * 6 + ["/inspect", "/publish", "/" + self.strange()]
        )
        path = re.sub(r"[\x00-\x20\x7f-\U0010ffff]", "~", f"{path}?{query}")
        return (
            path
            if "long-polling" not in path and "events" not in path
            else path + "&wait=0&cursor=%ff"
        )

    def name(self) -> str:
        return self.choice(["cursor", "limit", "wait", "token", "x", "%ff", ""])

    def value(self) -> str:
        return self.choice([*BAD_CURSORS[:-1], *BAD_LIMITS, *BAD_WAITS, self.strange()])

    def fields(self) -> object:
        values = [None, 0, 1.5, True, [], {}, self.strange(), "x" * 3000, "ann", "hi"]
        names = ["author", "text", "key", "type", "room", "x", ""]
        return {self.choice(names): self.choice(values) for _ in range(self.randrange(6))}

    def body(self) -> bytes:
        made = json.dumps(self.fields(), ensure_ascii=self.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
        kind = self.random()
        if kind < 0.3:
            return self.choice(list(MALFORMED.values()))
        if kind < 0.6:
            return self.damaged(made)
        return made if kind < 0.95 else self.randbytes(BODY_BYTES + self.randrange(2000))

    def damaged(self, data: bytes) -> bytes:
        """Cut, double, flip or overwrite some of it."""
        data = bytearray(data)
        for _ in range(self.randrange(1, 5)):
            at = self.randrange(len(data) + 1)
            more = self.choice(
                [b"\r\n", b"\x00", b" ", b":", b"\xff", self.randbytes(3), b"0" * 20]
            )
            end = min(len(data), at + self.randrange(8))
            data[at:end] = self.choice([b"", more, data[at:end] * 2])
        return bytes(data)

    def headers(self) -> dict[str, str]:
        strangers = self.choice(list(STRANGERS.values())) if self.random() < 0.2 else {}
        some = {
            self.choice(HEADER_NAMES): self.header(self.strange()) for _ in range(self.randrange(3))
        }
        some.pop("Expect", None)
        return {**strangers, **some}

    def request(self) -> bytes:
        """Make a whole request, and damage it somewhere."""
        body = self.body()[:400]
        method = self.choice(["GET", "POST", "PUT", "OPTIONS", "HEAD", "", "GET GET", "\x00"])
        more = "".join(f"{name}: {value}\r\n" for name, value in self.headers().items())
        length = self.choice(
            [
                f"Content-Length: {len(body)}",
                "Transfer-Encoding: chunked",
                "Content-Length: -1",
                "X: y",
            ]
        )
        head = f"{method} {self.path()} HTTP/1.1\r\nHost: x\r\n{length}\r\n{more}\r\n"
        return self.damaged(head.encode("latin-1", "replace")) + body

    def frame(self) -> bytes:
        """Make a WebSocket frame with something wrong in it, or in what it carries."""
        payload = self.body()[: self.choice([10, 125, 1000, 20_000])]
        first = self.choice(
            [0x81] * 8 + [0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0x83, 0x8B, 0xC1, 0xF1, 0x09]
        )
        size = len(payload)
        if size < 126:
            length = bytes([0x80 | size])
        else:
            length = (
                b"\xfe" + size.to_bytes(2, "big")
                if size < 1 << 16
                else b"\xff" + size.to_bytes(8, "big")
            )
        if self.random() < 0.02:
            length = b"\xff" + self.randbytes(8)
        mask = self.randbytes(4)
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
        return bytes([first]) + length + mask + masked


async def settle(server: InProcessServer) -> None:
    """Wait until nobody is here any more."""
    await until(lambda: server.held == 0)
    await until(
        lambda: not server.chat.connections.in_progress and not server.chat.connections.lasting
    )
    await until(lambda: not server.chat.traffic.open)


async def assert_no_harm(server: InProcessServer) -> None:
    """Assert that nothing is left of what was sent, and that the server is as good as new."""
    await settle(server)
    assert sum(1 for _ in server.chat.rooms) <= IDLE_ROOMS
    assert not [room for room in server.chat.rooms if room.readers]
    gc.collect()
    left = Counter(
        type(thing).__name__
        for thing in gc.get_objects()
        if isinstance(thing, RequestHandler | CountedStream)
    )
    assert not left
    assert (await ask(server.url, "/healthz")).status == 200
    async with joined(server.url, "websocket", room="as-new") as client:
        assert (await client.post("hi"))["id"] == 1


async def throw_well_formed(
    server: InProcessServer, dice: Dice, count: int, statuses: Counter[int]
) -> None:
    """Send requests that HTTP lets through and the chat must judge; each has to be answered."""
    for _ in range(count):
        method = dice.choice(["GET", "GET", "POST", "POST", "OPTIONS", "DELETE"])
        path, body = dice.path(), dice.body() if method == "POST" else None
        if method == "POST" and dice.random() < 0.5:
            path = "/rooms/lobby/messages"
        headers = dice.headers() | (HANDSHAKE if dice.random() < 0.1 else {})
        async with connected(server.url) as connection:
            await connection.send(method, path, body, headers)
            status = (await connection.head()).status
        statuses[status] += 1
        assert 100 < status < 500, (method, path, body, headers)


async def throw_damaged(
    server: InProcessServer, dice: Dice, count: int, statuses: Counter[int]
) -> None:
    """Send requests that are broken as HTTP; what answer there is may not be the server's fault."""
    for _ in range(count):
        request = dice.request()
        async with connected(server.url) as connection:
            connection.writer.write(request)
            for _ in range(12):  # time for an answer, before the client hangs up
                await asyncio.sleep(0)
            connection.half_close()
            received = await connection.ended()
        for status in re.findall(rb"^HTTP/1\.1 (\d\d\d) ", received, re.MULTILINE):
            statuses[int(status)] += 1
            assert int(status) < 500, request


async def throw_frames(
    server: InProcessServer, dice: Dice, count: int, closed: Counter[int]
) -> None:
    """Send frames that are broken, or that carry what is no message."""
    thrown = 0
    while thrown < count:
        async with connected(server.url) as connection:
            await connection.send("GET", "/rooms/lobby/websocket?cursor=now", headers=HANDSHAKE)
            assert (await connection.head()).status == 101
            for _ in range(dice.randrange(1, 12)):
                connection.writer.write(dice.frame())
                thrown += 1
                await asyncio.sleep(0)
                if connection.writer.is_closing():
                    break
            connection.writer.write(b"\x88\x80\x00\x00\x00\x00")  # good-bye
            connection.half_close()
            received = await connection.ended()
        assert b'"status": 5' not in received
        closed[received.count(b'"type": "error"') > 0] += 1


@pytest.mark.parametrize("seed", range(2))
async def test_ten_thousand_malformed_requests_and_frames_do_no_harm(
    server: InProcessServer, seed: int
) -> None:
    statuses: Counter[int] = Counter()
    errors: Counter[int] = Counter()
    throws = [
        *[
            throw_well_formed(server, Dice(f"{seed} well-formed {n}"), 400, statuses)
            for n in range(5)
        ],
        *[throw_damaged(server, Dice(f"{seed} damaged {n}"), 300, statuses) for n in range(5)],
        *[throw_frames(server, Dice(f"{seed} frames {n}"), 300, errors) for n in range(5)],
    ]
    async with asyncio.TaskGroup() as tasks:
        for throw in throws:
            tasks.create_task(throw)
    await assert_no_harm(server)
    assert {400, 403, 404, 405, 413, 415, 422} <= set(statuses), (
        "the dice reach every row of the table"
    )
    assert errors[True] > 20  # a broken frame resets the connection, perhaps before these are read
