"""The ways to say who you are that a chapter shows: each opens to its own, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer
from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, create_signed_value
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.support.http import ask
from transports.origins import is_foreign
from transports.tokens import Tokens
from tutorial.counterexamples.attacks import listen
from tutorial.exercises.sandbox.loading import load
from tutorial.laboratory.signing_in import (
    FIRST_MESSAGE_SECONDS,
    ROOM,
    CookieSocket,
    FirstMessageSocket,
    TicketOffice,
    TicketSocket,
)

SECRET = "a secret of both"
TOKEN = URLSafeTimedSerializer(SECRET, salt="room").dumps(ROOM)
OTHER = URLSafeTimedSerializer(SECRET, salt="room").dumps("user-bob")
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
async def host() -> AsyncIterator[str]:
    tokens: dict[str, object] = {"tokens": Tokens(SECRET)}
    ticketed = tokens | {"tickets": dict[str, float]()}
    routes = [
        ("/first-message", FirstMessageSocket, tokens),
        ("/tickets", TicketOffice, ticketed),
        ("/ticket", TicketSocket, ticketed),
        ("/cookie", CookieSocket, tokens),
    ]
    app = Application(routes, cookie_secret=SECRET, log_function=lambda _: None)
    server, port = listen(app)
    yield f"127.0.0.1:{port}"
    server.stop()
    await server.close_all_connections()


async def opened(host: str, path: str, **headers: str) -> WebSocketClientConnection:
    return await websocket_connect(HTTPRequest(f"ws://{host}{path}", headers=headers))


async def refused(host: str, path: str, **headers: str) -> int:
    return (await ask(f"http://{host}", path, headers=headers | UPGRADE)).status


async def test_a_first_message_signs_in_and_a_later_one_moves_the_end_of_the_same_socket(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = list[float]()
    close_after = FirstMessageSocket.close_after

    def noting(self: FirstMessageSocket, seconds: float, reason: str) -> None:
        before = self.expiry
        close_after(self, seconds, reason)
        assert before is None or before.cancelled()
        ends.append(seconds)

    monkeypatch.setattr(FirstMessageSocket, "close_after", noting)
    socket = await opened(host, "/first-message")
    for _ in range(2):
        await socket.write_message(TOKEN)
        assert await socket.read_message() == "welcome"
    assert [end > FIRST_MESSAGE_SECONDS for end in ends] == [False, True, True]
    await socket.write_message(OTHER)
    assert await socket.read_message() is None
    assert socket.close_code == 4401
    socket.close()


async def test_a_ticket_opens_one_socket_once(host: str) -> None:
    answer = await ask(
        f"http://{host}", "/tickets", "POST", b"", {"Authorization": f"Bearer {TOKEN}"}
    )
    path = f"/ticket?ticket={json.loads(answer.body)['ticket']}"
    socket = await opened(host, path)
    assert await socket.read_message() == "welcome"
    assert await refused(host, path) == 401
    assert (await ask(f"http://{host}", "/tickets", "POST", b"")).status == 401
    socket.close()
    await socket.read_message()


async def test_a_cookie_opens_a_socket_to_our_own_page_alone(host: str) -> None:
    cookie = f"session={create_signed_value(SECRET, 'session', 'ann').decode()}"
    socket = await opened(host, "/cookie", Cookie=cookie, Origin=f"http://{host}")
    assert await socket.read_message() == "welcome"
    assert await refused(host, "/cookie", Cookie=cookie, Origin="http://evil.example") == 403
    assert await refused(host, "/cookie", Origin=f"http://{host}") == 401
    socket.close()
    await socket.read_message()


def test_the_chats_own_check_knows_the_friends_from_the_strangers_of_the_exercise() -> None:
    table = load(Path("tutorial/exercises/16_friend_or_stranger/check.py"))
    for one in table.requests():
        line = RequestStartLine(one.lines[0], "/", "HTTP/1.1")
        request = HTTPServerRequest(start_line=line, headers=HTTPHeaders(one.headers))
        foreign = is_foreign(request, lambda origin: origin in table.TRUSTED)
        assert foreign != one.is_friend, one.sender
