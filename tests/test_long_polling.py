"""Long polling: held until there is something to tell, for no longer than promised, and let go when nobody listens."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.support.clients import joined
from tests.support.http import Connection, Response, ask, connected
from tests.support.in_process_server import GatedStore, InProcessServer
from tests.support.waiting import until
from transports.parameters import HOLD_SECONDS
from transports.wire import Draft

PATH = "/rooms/lobby/long-polling"
DRAFT = Draft("ann", "hi")
BODY = b'{"author": "ann", "text": "hi"}'


async def post(server: InProcessServer) -> None:
    assert (await ask(server.url, "/rooms/lobby/messages", "POST", BODY)).status == 201


def held_ms(answer: Response) -> float:
    """Read how long an answer was held, as it says itself."""
    metric, _, duration = answer.headers["server-timing"].partition(";dur=")
    assert metric == "hold"
    return float(duration)


@asynccontextmanager
async def held(
    server: InProcessServer, path: str = f"{PATH}?cursor=now"
) -> AsyncIterator[Connection]:
    """Send a request and wait until it is held."""
    before = server.held
    async with connected(server.url) as connection:
        await connection.send("GET", path)
        await until(lambda: server.held == before + 1)
        yield connection


@asynccontextmanager
async def many_held(server: InProcessServer, count: int) -> AsyncIterator[list[Connection]]:
    """Send many requests and wait until all of them are held."""
    async with AsyncExitStack() as stack:
        opening = [stack.enter_async_context(connected(server.url)) for _ in range(count)]
        connections = [await each for each in opening]
        for connection in connections:
            await connection.send("GET", f"{PATH}?cursor=now")
        await until(lambda: server.held == count)
        yield connections


async def test_a_request_is_held_until_the_next_message(server: InProcessServer) -> None:
    began = time.monotonic()
    async with held(server) as connection:
        await asyncio.sleep(0.03)
        await post(server)
        answer = await connection.response()
    elapsed = (time.monotonic() - began) * 1000
    assert [message["text"] for message in answer.json["messages"]] == ["hi"]
    assert 29 <= held_ms(answer) <= elapsed
    assert server.held == 0


async def test_what_there_is_is_sent_at_once(server: InProcessServer) -> None:
    await post(server)
    answer = await ask(server.url, PATH)
    assert (len(answer.json["messages"]), answer.status) == (1, 200)
    assert held_ms(answer) < 0.9 * 1000 * HOLD_SECONDS


async def test_after_wait_seconds_the_batch_is_empty_and_the_cursor_unchanged(
    server: InProcessServer,
) -> None:
    await post(server)
    cursor = (await ask(server.url, f"{PATH}?cursor=now&wait=0")).json["cursor"]
    answer = await ask(server.url, f"{PATH}?cursor={cursor}&wait=0.05")
    assert (answer.json["messages"], answer.json["cursor"]) == ([], cursor)
    assert held_ms(answer) >= 50


async def test_the_default_hold_is_the_servers_more_or_less_a_tenth(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges: list[tuple[float, ...]] = []
    monkeypatch.setattr(random, "uniform", lambda *ends: ranges.append(ends) or ends[1])
    server = await serve(hold_seconds=0.2)
    answer = await ask(server.url, f"{PATH}?cursor=now")
    assert ranges == [pytest.approx((0.9, 1.1))]
    assert held_ms(answer) >= 220


async def test_a_held_answer_is_for_no_cache(server: InProcessServer) -> None:
    answer = await ask(server.url, f"{PATH}?cursor=now&wait=0")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


async def test_all_who_are_held_get_the_same_bytes(server: InProcessServer) -> None:
    async with many_held(server, 150) as connections:
        await post(server)
        bodies = {(await connection.response()).body for connection in connections}
    assert len(bodies) == 1


@pytest.mark.parametrize("turn", range(10))
@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_a_message_that_comes_at_any_turn_of_a_request_is_sent(
    serve: Serve, tmp_path: Path, store: str, turn: int
) -> None:
    server = await serve(store=store if store == "memory" else f"sqlite:{tmp_path}/chat.db")
    room = await server.room()
    cursor = room.cursor
    async with connected(server.url) as polls, joined(server.url, "websocket") as author:
        await polls.send("GET", f"{PATH}?cursor={cursor}&wait=5")
        for _ in range(turn):
            await asyncio.sleep(0)
        await author.post("hi")
        answer = await polls.response()
    assert len(answer.json["messages"]) == 1


# Clients that leave


async def leave(connection: Connection) -> None:
    await connection.close()


async def vanish(connection: Connection) -> None:
    connection.abort()


async def half_close(connection: Connection) -> None:
    connection.half_close()


Going = Callable[[Connection], Awaitable[None]]
LEAVING: list[Going] = [leave, vanish, half_close]


@pytest.mark.parametrize("goes", LEAVING)
async def test_a_client_that_leaves_is_no_longer_held(server: InProcessServer, goes: Going) -> None:
    async with held(server) as connection:
        await goes(connection)
        await until(lambda: server.held == 0)
        await until(lambda: not server.chat.connections.in_progress)
        await post(server)  # and the message that comes then is nobody's trouble


async def test_five_hundred_clients_that_leave_leave_nothing_behind(
    server: InProcessServer,
) -> None:
    async with many_held(server, 500) as connections:
        for connection in connections:
            connection.abort()
        await until(lambda: server.held == 0)
    assert (await server.room()).readers == 0
    await until(lambda: not server.chat.connections.in_progress and not server.chat.traffic.open)


@pytest.mark.parametrize("goes", LEAVING)
async def test_a_client_that_leaves_while_its_room_is_loading_is_never_held(
    serve: Serve, goes: Going
) -> None:
    store = GatedStore()
    server = await serve(store=store)
    async with connected(server.url) as connection:
        await connection.send("GET", f"{PATH}?cursor=now")
        await until(lambda: store.calls)
        await goes(connection)
        await until(lambda: not server.chat.connections.in_progress)
        store.open_gates()
        await server.room()
        for _ in range(20):
            await asyncio.sleep(0)
        assert server.held == 0


@pytest.mark.parametrize("turn", range(5))
async def test_a_client_that_leaves_in_the_turn_of_its_message_is_nobodys_trouble(
    server: InProcessServer, turn: int
) -> None:
    async with held(server) as leaves, held(server) as stays:
        leaves.abort()
        for _ in range(turn):
            await asyncio.sleep(0)
        await (await server.room()).post(DRAFT)
        assert len((await stays.response()).json["messages"]) == 1
    assert server.held == 0


async def test_a_stray_byte_hides_the_clients_leaving_no_longer_than_the_hold(
    server: InProcessServer,
) -> None:
    async with held(server, f"{PATH}?cursor=now&wait=0.2") as connection:
        connection.writer.write(b"X")
    await until(lambda: server.held == 0)
    await until(lambda: not server.chat.connections.in_progress)


async def test_a_client_that_asks_again_before_the_answer_gets_both_in_order(
    server: InProcessServer,
) -> None:
    async with held(server) as connection:
        await connection.send("GET", "/rooms/other/short-polling")
        await post(server)
        answers = [await connection.response(), await connection.response()]
    assert [answer.json["room"] for answer in answers] == ["lobby", "other"]
