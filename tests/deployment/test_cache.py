"""A cache in front of long polling: a thousand held polls are a few requests to the chat, and each reader is exact."""

from __future__ import annotations

import asyncio

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.conftest import Serve
from tests.support.http import Connection, Response
from tests.support.posting import post_message
from tests.support.programs import installed
from tests.support.server_process import running
from transports.tokens import Tokens
from tutorial.measurements.collapse import FRONTS, READERS, Held

REQUESTS_A_MESSAGE = 10


@pytest.mark.proxies
@pytest.mark.parametrize("program", ["nginx", "varnishd"])
def test_a_thousand_held_polls_behind_a_cache_are_a_few_requests(program: str) -> None:
    """`speak` raises when a reader misses a message or has it twice."""
    installed(program)
    in_front = FRONTS[program.removesuffix("d")]
    with running("--store=memory", "--cacheable") as chat, in_front(chat.port) as port:
        readers = Held(chat.port, port, READERS, settle_seconds=0.1)
        requests = readers.speak(messages=3, apart=(0, 0))
        readers.pool.close()
    assert requests <= REQUESTS_A_MESSAGE


async def poll(url: str, cursor: str, room: str = "lobby", more: str = "&wait=0") -> Response:
    link = await Connection.open(url)
    answer = await link.ask("GET", f"/rooms/{room}/long-polling?cursor={cursor}{more}")
    await link.close()
    return answer


async def test_a_cache_may_keep_what_follows_a_cursor_for_a_second_and_nothing_else(
    serve: Serve,
) -> None:
    server = await serve(cacheable=True)
    start = (await poll(server.url, "now")).json["cursor"]
    quiet = await poll(server.url, start)
    assert quiet.headers["cache-control"] == "public, max-age=1"
    names = [start, quiet.json["cursor"]]
    for _ in range(3):
        names.append((await poll(server.url, names[-1])).json["cursor"])
    assert len(set(names)) == len(names), "a cache would give an answer again that it knows"
    assert {name.partition("~")[0] for name in names} == {start}
    await asyncio.to_thread(post_message, server.url, "lobby", "hi")
    for cursor in (start, names[-1]):
        news = await poll(server.url, cursor)
        assert news.headers["cache-control"] == "public, max-age=1"
        assert [message["text"] for message in news.json["messages"]] == ["hi"]
    for moving in ("now", "oldest", ""):
        assert (await poll(server.url, moving)).headers["cache-control"] == "no-store"


async def test_without_the_option_and_in_a_private_room_nothing_may_be_kept(serve: Serve) -> None:
    server = await serve()
    start = (await poll(server.url, "now")).json["cursor"]
    answer = await poll(server.url, start)
    assert (answer.headers["cache-control"], answer.json["cursor"]) == ("no-store", start)
    server = await serve(cacheable=True, tokens=Tokens("secret"))
    token = URLSafeTimedSerializer("secret", salt="room").dumps("user-ann")
    answer = await poll(server.url, start, "user-ann", f"&wait=0&token={token}")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
