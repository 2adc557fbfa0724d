"""Short polling: answered at once, never from a cache, and nothing is kept between two requests."""

from __future__ import annotations

import asyncio
import socket
from email.utils import parsedate_to_datetime

import pytest

from tests.support.clients import Batch, Reader
from tests.support.http import Connection, ask, connected
from tests.support.in_process_server import InProcessServer
from tests.support.waiting import until
from transports import stream as streams
from transports.wire import Draft

PATH = "/rooms/lobby/short-polling"


async def post(server: InProcessServer, text: str = "hi") -> None:
    body = b'{"author": "ann", "text": "%b"}' % text.encode()
    assert (await ask(server.url, "/rooms/lobby/messages", "POST", body)).status == 201


async def fill(server: InProcessServer) -> None:
    """Post as much as an answer may hold."""
    room = await server.room()
    for number in range(100):
        await room.post(Draft("ann", f"{number}".ljust(2000, ".")))


async def narrow(server: InProcessServer, connection: Connection) -> streams.CountedStream:
    """Give the server's end of a connection a send buffer that no full answer fits; return that end."""
    await connection.ask("GET", f"{PATH}?cursor=now")
    [stream] = server.chat.traffic.open
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return stream


async def test_an_answer_is_one_batch_of_json(server: InProcessServer) -> None:
    answer = await ask(server.url, PATH)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert set(answer.json) == {"type", "room", "cursor", "gap", "more", "messages"}


async def test_nothing_there_is_answered_at_once_and_nothing_is_held(
    server: InProcessServer,
) -> None:
    answer = await ask(server.url, f"{PATH}?cursor=now&wait=30")
    assert answer.json["messages"] == []
    assert server.held == 0


async def test_an_answer_is_never_kept_by_a_cache_and_never_304(server: InProcessServer) -> None:
    async with connected(server.url) as connection:
        for validator in ("*", '"x"', 'W/"x"'):
            answer = await connection.ask("GET", PATH, headers={"If-None-Match": validator})
            assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
            assert "etag" not in answer.headers


async def test_the_cursor_is_the_session(server: InProcessServer) -> None:
    seen, cursor, cookies = Reader(), "now", set()
    for _ in range(5):
        answer = await ask(server.url, f"{PATH}?cursor={cursor}")  # a new connection each time
        seen.take(Batch(answer.body))
        cursor = answer.json["cursor"]
        cookies |= set(answer.headers) & {"set-cookie"}
        await post(server)
    assert seen.ids == [1, 2, 3, 4]
    assert not cookies
    assert (await server.room()).readers == 0


async def test_a_message_between_two_polls_is_in_the_next(server: InProcessServer) -> None:
    cursor = (await ask(server.url, PATH)).json["cursor"]
    await post(server, "in between")
    batch = (await ask(server.url, f"{PATH}?cursor={cursor}")).json
    assert [message["text"] for message in batch["messages"]] == ["in between"]


async def test_requests_on_one_connection_are_answered_in_their_order(
    server: InProcessServer,
) -> None:
    await post(server)
    async with connected(server.url) as connection:
        for limit in (1, 2, 3):
            await connection.send("GET", f"{PATH}?limit={limit}&cursor=now")
        await connection.send("GET", "/rooms/other/short-polling")
        rooms = [(await connection.response()).json["room"] for _ in range(4)]
    assert rooms == ["lobby", "lobby", "lobby", "other"]


async def test_an_answer_in_one_piece_says_what_tornado_would_have_said(
    server: InProcessServer,
) -> None:
    await post(server)
    in_one_piece = await ask(server.url, PATH)
    by_tornado = await ask(server.url, PATH, headers={"Connection": "close"})
    said = set(by_tornado.headers) - {"connection", "server"}
    assert in_one_piece.body == by_tornado.body
    assert set(in_one_piece.headers) == said
    for name in said - {"date"}:
        assert in_one_piece.headers[name] == by_tornado.headers[name]
    assert parsedate_to_datetime(in_one_piece.headers["date"])


async def test_an_answer_that_the_socket_doesnt_take_at_once_arrives_whole(
    server: InProcessServer,
) -> None:
    await fill(server)
    async with connected(server.url) as connection:
        await narrow(server, connection)
        for _ in range(2):
            answer = await connection.ask("GET", PATH)
            assert len(answer.json["messages"]) == 100


async def test_a_client_that_takes_nothing_of_its_answers_is_given_up(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "NO_PROGRESS_SECONDS", 0.1)
    await fill(server)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 100)
        await until(lambda: any(stream.writing() for stream in server.chat.traffic.open))
        await until(lambda: not server.chat.traffic.open)


async def test_a_client_that_takes_its_answers_slowly_is_not_given_up(
    server: InProcessServer,
) -> None:
    await fill(server)
    async with connected(server.url) as connection:
        stream = await narrow(server, connection)
        await connection.send("GET", PATH)
        while not stream.writing():  # noqa: ASYNC110 (a turn of the loop at a time)
            await asyncio.sleep(0)
        stream._check_progress(stream.sent - 1)
        assert len((await connection.response()).json["messages"]) == 100
