"""A room named `user-<name>` opens to those who show its token, whichever transport they come by."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import Serve
from tests.support import http
from tests.support.clients import joined
from tests.support.in_process_server import Errors
from tests.support.server_process import ServerProcess, start, stop
from transports.app import TRANSPORTS
from transports.short_polling import ShortPollingHandler
from transports.tokens import TOKEN_SECONDS, TokenNeeded, Tokens

SECRET = "a secret of both"
POLLED = [name for name in TRANSPORTS if name != "websocket"]


def token(room: str, age_seconds: float = 0, secret: str = SECRET) -> str:
    """Sign a token as another application would."""

    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time() - age_seconds)

    return str(URLSafeTimedSerializer(secret, salt="room", signer=Signer).dumps(room))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private") / "stderr"


@pytest.fixture(scope="module")
def server(log: Path) -> Iterator[ServerProcess]:
    server = start("--store=memory", "--debug", "--publish-key=k", stderr=log, CHAT_SECRET=SECRET)
    yield server
    stop(server)


def ask(url: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, str]:
    """Return the status and the beginning of the answer."""
    data = json.dumps(body).encode() if body is not None else None
    answer = http.fetch(url, "GET" if data is None else "POST", data, headers)
    return answer.status, answer.body.decode()


def closing(server: ServerProcess, room: str, query: str) -> int:
    """Give the code that a WebSocket to a room is closed with; 0: it got a batch."""
    url = f"ws{server.url[4:]}/rooms/{room}/websocket?{query}"
    with connect(url) as socket:
        try:
            socket.send('{"type": "send", "author": "mallory", "text": "let me in", "key": "m"}')
            socket.recv(5)
        except ConnectionClosed:
            return socket.protocol.close_code or 0
    return 0


@pytest.mark.parametrize("transport", POLLED)
def test_a_token_of_the_room_opens_it(server: ServerProcess, transport: str) -> None:
    address = f"{server.url}/rooms/user-ann/{transport}?wait=0"
    assert ask(f"{address}&token={token('user-ann')}")[0] == 200
    assert ask(address, Authorization=f"Bearer {token('user-ann')}")[0] == 200


@pytest.mark.parametrize("transport", POLLED)
def test_without_a_good_token_the_answer_is_401(server: ServerProcess, transport: str) -> None:
    address = f"{server.url}/rooms/user-ann/{transport}"
    forged = token("user-ann", secret="a guess")
    expired = token("user-ann", age_seconds=TOKEN_SECONDS + 5)
    for bad in ("", "x", "%00", "a.b.c", forged, expired, token("user-ann")[1:]):
        assert ask(f"{address}?token={bad}")[0] == 401, bad
    assert ask(address)[0] == 401
    assert "expired" in ask(f"{address}?token={expired}")[1]


@pytest.mark.parametrize("transport", POLLED)
def test_a_token_of_another_room_is_answered_403(server: ServerProcess, transport: str) -> None:
    address = f"{server.url}/rooms/user-ann/{transport}"
    assert ask(f"{address}?token={token('user-bob')}")[0] == 403


def test_a_websocket_is_accepted_and_closed_with_a_code_that_browsers_see(
    server: ServerProcess,
) -> None:
    expired = token("user-ann", age_seconds=TOKEN_SECONDS + 5)
    assert closing(server, "user-ann", f"token={token('user-ann')}") == 0
    assert closing(server, "user-ann", "") == 4401
    assert closing(server, "user-ann", f"token={expired}") == 4401
    assert closing(server, "user-ann", f"token={token('user-bob')}") == 4403
    assert closing(server, "lobby", "cursor=nonsense") == 4400


def test_who_was_turned_away_has_written_nothing(server: ServerProcess) -> None:
    assert closing(server, "user-cleo", "") == 4401
    draft = {"author": "mallory", "text": "hi"}
    assert ask(f"{server.url}/rooms/user-cleo/messages", draft)[0] == 401
    there = ask(f"{server.url}/rooms/user-cleo/short-polling?token={token('user-cleo')}")[1]
    assert json.loads(there)["messages"] == []


def test_who_has_the_token_may_write_and_so_may_a_publisher(server: ServerProcess) -> None:
    draft = {"author": "dora", "text": "hi", "room": "user-dora"}
    key = token("user-dora")
    assert ask(f"{server.url}/rooms/user-dora/messages?token={key}", draft)[0] == 201
    assert ask(f"{server.url}/publish", draft, Authorization="Bearer k")[0] == 201


def test_other_rooms_ask_for_nothing(server: ServerProcess) -> None:
    assert ask(f"{server.url}/rooms/users/short-polling?token=nonsense")[0] == 200


def test_a_preflight_shows_no_token(server: ServerProcess) -> None:
    url = f"{server.url}/rooms/user-ann/short-polling"
    assert http.fetch(url, "OPTIONS").status == 204


def test_private_rooms_are_counted_and_not_named(server: ServerProcess) -> None:
    ask(f"{server.url}/rooms/user-eve/short-polling?token={token('user-eve')}")
    seen = json.loads(ask(f"{server.url}/inspect")[1])
    assert not [name for name in seen["rooms"] if name.startswith("user-")]
    assert seen["private_rooms"] >= 1


def test_no_token_gets_into_a_log_or_a_report(server: ServerProcess, log: Path) -> None:
    shown = token("user-fay")
    ask(f"{server.url}/rooms/user-fay/short-polling?token={shown}")
    ask(f"{server.url}/rooms/user-eve/short-polling?token={shown}")
    for page in ("inspect", "metrics"):
        assert shown not in ask(f"{server.url}/{page}")[1]
    assert shown not in log.read_text()


async def test_when_its_token_runs_out_a_socket_is_closed_and_a_stream_and_a_hold_end(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, the token is good when it is shown, and not for long.
    monkeypatch.setattr(Tokens, "check", lambda *_: 0.2)
    server = await serve(tokens=Tokens(SECRET))
    where = {"room": "user-gil", "token": token("user-gil")}
    async with (
        joined(server.url, "websocket", **where) as socket,
        joined(server.url, "server-sent-events", **where) as stream,
    ):
        await socket.receive()
        await stream.receive()
        held = "/rooms/user-gil/long-polling?cursor=now&wait=55&token="
        answer = await http.ask(server.url, held + where["token"])
        assert answer.json["messages"] == []
        assert float(answer.headers["server-timing"].removeprefix("hold;dur=")) < 30_000
        assert await socket.closed() == (4401, "the token has expired: get a fresh one")
        with pytest.raises(EOFError):
            await stream.receive()


def test_what_is_left_of_a_token_is_counted_from_its_signature() -> None:
    left = Tokens(SECRET).check("user-gil", token("user-gil", age_seconds=TOKEN_SECONDS - 600))
    assert 0 < left <= 600


def test_without_a_secret_private_rooms_open_to_nobody() -> None:
    server = start("--store=memory", CHAT_SECRET="")
    try:
        status, body = ask(f"{server.url}/rooms/user-ann/short-polling?token={token('user-ann')}")
        assert (status, "--secret" in body) == (401, True)
    finally:
        stop(server)


async def test_not_even_a_bug_of_ours_logs_the_token(
    serve: Serve, errors: Errors, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ShortPollingHandler):
        def get(self, room: str) -> None:
            raise ZeroDivisionError("our own bug")

    server = await serve(tokens=Tokens(SECRET), transports={"short-polling": Broken})
    shown = token("user-ann")
    answer = await http.ask(server.url, f"/rooms/user-ann/short-polling?token={shown}")
    assert answer.status == 500
    assert errors.take() == ["Uncaught exception: GET /rooms/user-ann/short-polling"]
    assert shown not in caplog.text
    assert shown not in answer.body.decode()


@pytest.mark.parametrize(("ahead_seconds", "good"), [(1, True), (59, True), (62, False)])
def test_a_token_of_a_clock_up_to_a_minute_ahead_is_good(ahead_seconds: float, good: bool) -> None:
    tokens = Tokens(SECRET)
    signed = token("user-ann", age_seconds=-ahead_seconds)
    if good:
        assert tokens.check("user-ann", signed) > TOKEN_SECONDS
    else:
        with pytest.raises(TokenNeeded):
            tokens.check("user-ann", signed)
