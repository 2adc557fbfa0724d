"""A bot’s client in Python: exact over a line that is cut, and by another transport where one doesn’t get through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from loadtests.client import bot as bots
from loadtests.client.bot import Bot, Rejected
from tests.support.cutting_relay import cutting
from tests.support.in_process_server import InProcessServer
from tests.support.relay import relaying
from tests.support.waiting import until
from transports.app import TRANSPORTS

pytestmark = pytest.mark.judges

Serve = Callable[..., Awaitable[InProcessServer]]
MESSAGES = 200


def test_the_bot_is_one_file_of_at_most_150_lines() -> None:
    assert len(Path(bots.__file__).read_text("utf-8").splitlines()) <= 150


async def read(bot: Bot, last: int) -> list[int]:
    """Return the ids up to a message."""
    ids = []
    async for message in bot.messages():
        ids.append(message["id"])
        if message["id"] >= last:
            break
    return ids


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_bot_reads_every_message_once_over_a_line_that_is_cut_five_times(
    server: InProcessServer, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bots, "LONGEST_PAUSE_SECONDS", 0.05)
    async with Bot(server.url, "lobby") as author:
        for number in range(1, MESSAGES + 1):
            assert await author.post(f"message {number}", author="ann") == number
    first = f"{(await server.room()).cursor.epoch}:0"
    with cutting(server.port, cuts=5, seed=1) as relay:
        async with Bot(relay.url, "lobby", first, (transport,)) as bot:
            assert await read(bot, MESSAGES) == list(range(1, MESSAGES + 1))
        assert relay.cuts == 5


async def test_a_batch_of_the_largest_messages_is_read_over_every_transport(
    server: InProcessServer,
) -> None:
    async with Bot(server.url, "lobby") as author:
        await asyncio.gather(*[author.post("\x01" * 2000, author="ann") for _ in range(100)])
    for transport in TRANSPORTS:
        async with Bot(server.url, "lobby", "", (transport,)) as bot:
            assert await read(bot, 100) == list(range(1, 101))


async def test_after_a_restart_that_lost_the_log_the_first_new_message_is_read(
    serve: Serve,
) -> None:
    before, after = await serve(), await serve()
    with relaying(before.port) as relay:
        async with Bot(relay.url, "lobby", "", ("long-polling",)) as bot:
            for n in range(3):
                await bot.post(f"before {n}", author="ann")
            messages = bot.messages()
            assert [(await anext(messages))["id"] for _ in range(3)] == [1, 2, 3]
            relay.upstream = after.port
            await before.stop()
            reading = asyncio.ensure_future(anext(messages))
            await until(lambda: after.held)  # it has learned that the room is empty
            await bot.post("after", author="ann")
            assert (await reading)["text"] == "after"


async def test_where_a_transport_does_not_get_through_the_next_one_goes_on(serve: Serve) -> None:
    others = {name: handler for name, handler in TRANSPORTS.items() if name != "websocket"}
    server = await serve(transports=others)
    async with Bot(server.url, "lobby") as bot:
        await bot.post("hi", author="ann")
        assert await read(bot, 1) == [1]
        assert bot.transport == "server-sent-events"


async def test_a_refusal_that_asking_again_would_not_change_is_raised(
    server: InProcessServer,
) -> None:
    async with Bot(server.url, "No Room") as bot:
        with pytest.raises(Rejected):
            await bot.post("hi", author="ann")
    async with Bot(server.url, "lobby", "no cursor", ("long-polling",)) as bot:
        with pytest.raises(Rejected):
            await read(bot, 1)


async def test_what_answers_in_the_servers_place_is_asked_again() -> None:
    portal, message = (
        b'{"error": "login"}',
        b'{"id": 7, "author": "ann", "text": "hi", "sent_at": 1.0}',
    )
    batch = b'{"type": "batch", "cursor": "x", "gap": false, "more": false, "messages": [%b]}'
    answers = iter(
        [portal, b"7", b'{"type": "ack", "id": 7}', portal, b"[]", batch % b"{}", batch % message]
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = next(answers)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        writer.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as portals:
        port = portals.sockets[0].getsockname()[1]
        async with Bot(f"http://127.0.0.1:{port}", "lobby", "x", ("long-polling",)) as bot:
            assert await bot.post("hi", author="ann") == 7
            assert await read(bot, 7) == [7]
    assert next(answers, None) is None
