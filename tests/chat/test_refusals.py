"""What is refused, row by row of the contract's table: how HTTP says it, and how a WebSocket does.

Nothing that a client sends becomes a 5xx, a traceback in the log, or part of a status line or header.
"""

from __future__ import annotations

import json
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.chat.test_wire import MALFORMED
from tests.conftest import Serve
from tests.support.clients import Refused, joined
from tests.support.http import Response, ask, connected
from tests.support.in_process_server import InProcessServer
from tests.support.waiting import until
from transports.app import FRAME_READ_BYTES, TRANSPORTS
from transports.posting import READ_BYTES
from transports.wire import BODY_BYTES

MESSAGES = "/rooms/lobby/messages"
DRAFT: dict[str, Any] = {"author": "ann", "text": "hi"}
BODY = json.dumps(DRAFT).encode()

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyBvaw==",
}


def assert_problem(answer: Response, status: int) -> None:
    """Assert that a refusal is a problem detail that says what to change."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json
    assert set(problem) == {"type", "title", "status", "detail"}
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"] == answer.reason == HTTPStatus(status).phrase
    assert len(problem["detail"]) > 10


async def assert_nothing_was_kept(server: InProcessServer) -> None:
    assert [room.cursor.id for room in server.chat.rooms if room.cursor.id] == []


# Bodies and frames


FITTING = [name for name, data in MALFORMED.items() if len(data) <= BODY_BYTES]


@pytest.mark.parametrize("name", FITTING)
async def test_json_that_is_not_is_400(server: InProcessServer, name: str) -> None:
    assert_problem(await ask(server.url, MESSAGES, "POST", MALFORMED[name]), 400)
    await assert_nothing_was_kept(server)


@pytest.mark.parametrize("name", FITTING)
async def test_json_that_is_not_is_an_error_400_on_a_websocket(
    server: InProcessServer, name: str
) -> None:
    try:
        frame: str | bytes = MALFORMED[name].decode()
    except UnicodeDecodeError:
        frame = MALFORMED[name]  # a text frame couldn't carry it
    async with joined(server.url, "websocket") as client:
        with pytest.raises(Refused) as refusal:
            await client.say(frame)
        assert refusal.value.status == 400
        assert refusal.value.problem["title"] == "Bad Request"
        assert (await client.post("and the socket is still open"))["id"] == 1


UNACCEPTABLE: dict[str, dict[str, Any]] = {
    "no author": {"text": "hi"},
    "no text": {"author": "ann"},
    "nothing": {},
    "author is null": DRAFT | {"author": None},
    "text is a number": DRAFT | {"text": 1},
    "text is a list": DRAFT | {"text": ["hi"]},
    "key is a number": DRAFT | {"key": 7},
    "key is null": DRAFT | {"key": None},
    "author is blank": DRAFT | {"author": " \u3000"},
    "text is blank": DRAFT | {"text": "\n\t\u2028"},
    "key is blank": DRAFT | {"key": ""},
    "author is too long": DRAFT | {"author": "a" * 33},
    "text is too long": DRAFT | {"text": "𝒳" * 2001},
    "key is too long": DRAFT | {"key": "k" * 65},
}


@pytest.mark.parametrize("fields", UNACCEPTABLE.values(), ids=UNACCEPTABLE)
async def test_a_field_out_of_bounds_is_422(
    server: InProcessServer, fields: dict[str, Any]
) -> None:
    body = json.dumps(fields, ensure_ascii=False).encode()
    assert_problem(await ask(server.url, MESSAGES, "POST", body), 422)
    await assert_nothing_was_kept(server)


@pytest.mark.parametrize("fields", UNACCEPTABLE.values(), ids=UNACCEPTABLE)
async def test_a_field_out_of_bounds_is_an_error_422_on_a_websocket(
    server: InProcessServer, fields: dict[str, Any]
) -> None:
    async with joined(server.url, "websocket") as client:
        with pytest.raises(Refused) as refusal:
            await client.send(fields)
    assert refusal.value.status == 422
    await assert_nothing_was_kept(server)


@pytest.mark.parametrize("type", [None, "batch", "Send", "", 1, ["send"]])
async def test_a_frame_that_is_no_send_is_an_error_422(
    server: InProcessServer, type: object
) -> None:
    async with joined(server.url, "websocket") as client:
        with pytest.raises(Refused) as refusal:
            await client.say(json.dumps(DRAFT | {"type": type}))
    assert refusal.value.status == 422


@pytest.mark.parametrize("size", [BODY_BYTES + 1, 100_000, READ_BYTES])
async def test_a_body_over_16_kib_is_413(server: InProcessServer, size: int) -> None:
    assert_problem(await ask(server.url, MESSAGES, "POST", b"x" * size), 413)


async def test_a_body_far_over_16_kib_is_413_before_it_is_sent(server: InProcessServer) -> None:
    head = {"Content-Length": str(READ_BYTES + 1), "Content-Type": "application/json"}
    assert_problem(await ask(server.url, MESSAGES, "POST", headers=head), 413)


async def test_a_body_of_a_length_that_nobody_announced_is_413_however_long_it_gets(
    server: InProcessServer,
) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    async with connected(server.url) as connection:
        head = (
            f"POST {MESSAGES} HTTP/1.1\r\nHost: {connection.host}\r\nTransfer-Encoding: chunked\r\n"
        )
        connection.writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n")
        for _ in range(3 * READ_BYTES // 0x10000):
            connection.writer.write(chunk)
            await connection.writer.drain()
        await until(lambda: server.chat.traffic.received > 3 * READ_BYTES)
        [handler] = server.chat.connections.in_progress
        assert len(cast(Any, handler)._body) <= BODY_BYTES  # what is too long is not kept
        connection.writer.write(b"0\r\n\r\n")
        assert_problem(await connection.response(), 413)
        assert (await connection.ask("POST", MESSAGES, BODY)).status == 201


@pytest.mark.parametrize("size", [FRAME_READ_BYTES + 1, 2 * FRAME_READ_BYTES])
async def test_a_frame_over_1_mib_is_closed_1009(server: InProcessServer, size: int) -> None:
    async with joined(server.url, "websocket") as client:
        with pytest.raises(ConnectionClosed):
            await client.say("x" * size)
        assert (await client.closed())[0] == 1009
    await until(lambda: not server.chat.connections.lasting)


async def test_a_frame_of_16_kib_is_read(server: InProcessServer) -> None:
    frame = json.dumps(DRAFT | {"type": "send", "padding": ""})
    frame = frame.replace('""', '"%s"' % ("é" * ((BODY_BYTES - len(frame)) // 2)))
    assert BODY_BYTES - 1 <= len(frame.encode()) <= BODY_BYTES
    async with joined(server.url, "websocket") as client:
        assert (await client.say(frame))["id"] == 1


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
        "json",
    ],
)
async def test_another_content_type_is_415(server: InProcessServer, kind: str) -> None:
    assert_problem(await ask(server.url, MESSAGES, "POST", BODY, {"Content-Type": kind}), 415)
    await assert_nothing_was_kept(server)


async def test_no_content_type_is_415(server: InProcessServer) -> None:
    async with connected(server.url) as connection:
        head = f"POST {MESSAGES} HTTP/1.1\r\nHost: {connection.host}\r\nContent-Length: {len(BODY)}\r\n\r\n"
        connection.writer.write(head.encode() + BODY)
        assert_problem(await connection.response(), 415)


# Addresses

BAD_CURSORS = [
    "x", "NOW", "now%20", "9f3c2a11", "9f3c2a11%3A", "%3A5", "9f3c2a11%3A-1", "9f3c2a11%3A1.5", "9F3C2A11%3A1",
    "9f3c2a11%3A9999999999999999", "%00", "%ff", "%F0%9F%98%80", "9f3c2a11%3A1%0A", "+9f3c2a11%3A1", "x" * 5000,
]  # fmt: skip
BAD_LIMITS = [
    "%201",
    "1%20",
    "+1",
    "%2B1",
    "%0A1",
    "0",
    "101",
    "-1",
    "1.5",
    "x",
    "1e1",
    "NaN",
    "%D9%A3",
    "%00",
    "1_0",
    "9" * 5000,
    "1%20000",
]
BAD_WAITS = [
    "%201",
    "1%09",
    "1e-3",
    "1_0",
    ".",
    "%D9%A3",
    "-1",
    "-0.001",
    "55.001",
    "56",
    "x",
    "nan",
    "inf",
    "-inf",
    "1e9",
    "%D9%A3",
    "5_5",
    "0x1",
    "%ff",
]

BAD_QUERIES = [
    *[f"cursor={value}" for value in BAD_CURSORS],
    *[f"limit={value}" for value in BAD_LIMITS],
    *[f"wait={value}" for value in BAD_WAITS],
]  # fmt: skip


def takes(transport: str, query: str) -> bool:
    """Whether a transport's address takes this parameter at all."""
    taken = {"short-polling": ("cursor", "limit"), "long-polling": ("cursor", "limit", "wait")}
    return query.partition("=")[0] in taken.get(transport, ("cursor",))


@pytest.mark.parametrize("transport", [name for name in TRANSPORTS if name != "websocket"])
async def test_a_malformed_cursor_limit_or_wait_is_400(
    server: InProcessServer, transport: str
) -> None:
    async with connected(server.url) as connection:
        for query in BAD_QUERIES:
            if takes(transport, query):
                answer = await connection.ask("GET", f"/rooms/lobby/{transport}?{query}")
                assert_problem(answer, 400)
    assert server.held == 0


@pytest.mark.parametrize("cursor", BAD_CURSORS, ids=lambda cursor: cursor[:20])
async def test_a_malformed_cursor_is_closed_4400_on_a_websocket(
    server: InProcessServer, cursor: str
) -> None:
    url = f"ws{server.url[4:]}/rooms/lobby/websocket?cursor={cursor}"
    async with connect(url, proxy=None) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4400
        assert socket.close_reason


@pytest.mark.parametrize("last", ["x", "now", "9f3c2a11:", "9f3c2a11:1 2"])
async def test_a_malformed_last_event_id_is_400(server: InProcessServer, last: str) -> None:
    path = "/rooms/lobby/server-sent-events"
    assert_problem(await ask(server.url, path, headers={"Last-Event-ID": last}), 400)


GOOD_QUERIES = [
    "limit=1",
    "limit=100",
    "wait=0",
    "wait=0.0",
    "wait=0.001",
    "wait=",
    "limit=",
    "cursor=",
    "cursor=now",
    "x=%ff",
    "cursor=00000000:0",
]


@pytest.mark.parametrize("query", GOOD_QUERIES)
async def test_a_query_within_the_bounds_is_answered(server: InProcessServer, query: str) -> None:
    answer = await ask(server.url, f"/rooms/lobby/long-polling?wait=0&{query}")
    assert answer.status == 200


NO_ROOMS = [
    "Lobby",
    "",
    "x" * 65,
    "a_b",
    "a.b",
    "..",
    "a%2Fb",
    "%00",
    "%C3%A9",
    "%ff",
    "lobby%0A",
    "lobby%20",
    "a%0d%0aX:1",
]


@pytest.mark.parametrize("room", NO_ROOMS, ids=lambda room: room[:20])
async def test_a_room_that_there_cannot_be_is_404(server: InProcessServer, room: str) -> None:
    async with connected(server.url) as connection:
        for transport in TRANSPORTS:
            answer = await connection.ask(
                "GET", f"/rooms/{room}/{transport}?wait=0", headers=HANDSHAKE
            )
            assert_problem(answer, 400 if room == "%ff" else 404)
        answer = await connection.ask("POST", f"/rooms/{room}/messages", BODY)
        assert_problem(answer, 400 if room == "%ff" else 404)
    assert not list(server.chat.rooms)


NOWHERE = [
    "/nowhere", "/rooms", "/rooms/", "/rooms/lobby", "/rooms/lobby/", "/rooms/lobby/pigeon", "/rooms/a/b/messages",
    "/inspect/", "//", "/%2e%2e/etc/passwd", "/rooms/lobby/messages/", "/publish/lobby", "/static",
]  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
async def test_an_address_that_there_is_not_is_404(server: InProcessServer, path: str) -> None:
    assert_problem(await ask(server.url, path), 404)
    assert_problem(await ask(server.url, path, "POST", BODY), 404)


ALLOWED = {
    **{f"/rooms/lobby/{transport}": {"GET", "OPTIONS"} for transport in TRANSPORTS},
    "/rooms/lobby/messages": {"POST", "OPTIONS"},
    "/publish": {"POST", "OPTIONS"},
    "/rooms/lobby/short-polling": {"GET", "HEAD", "OPTIONS"},
    "/inspect": {"GET", "HEAD", "OPTIONS"},
    "/healthz": {"GET", "HEAD", "OPTIONS"},
    "/metrics": {"GET", "HEAD", "OPTIONS"},
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
async def test_a_wrong_method_is_405_and_allow_names_the_right_ones(
    serve: Serve, path: str, allowed: set[str]
) -> None:
    server = await serve(publish_key="k")
    headers = {"Authorization": "Bearer k", **HANDSHAKE}
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "FETCH", "get"} - allowed:
        answer = await ask(server.url, path, method, BODY, headers)
        assert_problem(answer, 405)
        assert set(answer.headers["allow"].split(", ")) == allowed


async def test_a_wrong_method_is_405_for_a_client_that_wants_no_body(
    server: InProcessServer,
) -> None:
    answer = await ask(server.url, MESSAGES, "HEAD")
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


# Handshakes


async def test_a_plain_get_on_the_websockets_address_is_426(server: InProcessServer) -> None:
    answer = await ask(server.url, "/rooms/lobby/websocket")
    assert_problem(answer, 426)
    assert answer.headers["upgrade"] == "websocket"


@pytest.mark.parametrize("name", HANDSHAKE)
@pytest.mark.parametrize("value", [None, "", "nonsense", "h2c"])
async def test_a_broken_handshake_is_400_or_426(
    server: InProcessServer, name: str, value: str | None
) -> None:
    headers = {k: v for k, v in HANDSHAKE.items() if k != name}
    headers |= {} if value is None else {name: value}
    answer = await ask(server.url, "/rooms/lobby/websocket", headers=headers)
    assert answer.status in (400, 426)
    assert_problem(answer, answer.status)
    assert not server.chat.connections.lasting


async def test_a_handshake_over_http_1_0_is_400(server: InProcessServer) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    async with connected(server.url) as connection:
        connection.writer.write(f"GET /rooms/lobby/websocket HTTP/1.0\r\n{head}\r\n".encode())
        assert_problem(await connection.response(), 400)


# Other sites' pages

STRANGERS: dict[str, dict[str, str]] = {
    "another site": {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site, an old browser": {"Origin": "http://evil.example"},
    "another site that hides": {"Origin": "null"},
    "another site that hides, an old browser's form": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "another site without CORS": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a sibling of the site": {"Origin": "http://evil.127.0.0.1.example", "Sec-Fetch-Site": "same-site"},
    "another port": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    "nonsense": {"Origin": "%%%"},
    "an origin that isn't one": {"Origin": "http://[::1"},
    "nothing": {"Origin": ""},
}  # fmt: skip


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
async def test_a_page_of_another_site_can_neither_read_nor_write(
    server: InProcessServer, headers: dict[str, str]
) -> None:
    for transport in TRANSPORTS:
        answer = await ask(
            server.url, f"/rooms/lobby/{transport}?wait=0", headers=HANDSHAKE | headers
        )
        assert_problem(answer, 403)
        assert "access-control-allow-origin" not in answer.headers
    for path in (MESSAGES, "/publish"):
        answer = await ask(server.url, path, "POST", BODY, headers)
        assert_problem(answer, 403)
    plain = {**headers, "Content-Type": "text/plain"}
    assert (await ask(server.url, MESSAGES, "POST", BODY, plain)).status == 403
    await assert_nothing_was_kept(server)
    assert not server.chat.connections.lasting


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
async def test_another_sites_preflight_is_given_nothing(
    server: InProcessServer, headers: dict[str, str]
) -> None:
    asking = {**headers, "Access-Control-Request-Method": "POST"}
    answer = await ask(server.url, MESSAGES, "OPTIONS", headers=asking)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/inspect", "/metrics", "/healthz"])
async def test_another_sites_page_cannot_look_inside(server: InProcessServer, path: str) -> None:
    answer = await ask(server.url, path, headers=STRANGERS["another site"])
    assert_problem(answer, 403)


async def test_the_sites_own_page_and_who_types_the_address_may_read_and_write(
    server: InProcessServer,
) -> None:
    own = {"Origin": server.url}
    for headers in (
        own,
        own | {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin"},
        {},
    ):
        assert (await ask(server.url, "/rooms/lobby/short-polling", headers=headers)).status == 200
        assert (await ask(server.url, MESSAGES, "POST", BODY, headers)).status == 201
        async with connect(
            f"ws{server.url[4:]}/rooms/lobby/websocket", additional_headers=headers, proxy=None
        ) as socket:
            assert json.loads(await socket.recv())["type"] == "batch"


FRIEND = "https://friend.example"


async def test_a_trusted_origins_page_may_read_and_write(serve: Serve) -> None:
    server = await serve(trusted_origins=(FRIEND,))
    headers = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    for path in ("/rooms/lobby/short-polling", "/rooms/lobby/long-polling?wait=0"):
        answer = await ask(server.url, path, headers=headers)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, FRIEND)
        assert "Origin" in answer.headers["vary"]
    answer = await ask(server.url, MESSAGES, "POST", BODY, headers)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (201, FRIEND)
    url = f"ws{server.url[4:]}/rooms/lobby/websocket"
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        assert len(json.loads(await socket.recv())["messages"]) == 1


async def test_a_trusted_origins_preflight_learns_what_it_may_send(serve: Serve) -> None:
    server = await serve(trusted_origins=(FRIEND,))
    headers = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    answer = await ask(server.url, MESSAGES, "OPTIONS", headers=headers)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_trusted_origins_page_can_read_why_it_is_refused(serve: Serve) -> None:
    server = await serve(trusted_origins=(FRIEND,))
    answer = await ask(server.url, MESSAGES, "POST", b"{}", {"Origin": FRIEND})
    assert_problem(answer, 422)
    assert answer.headers["access-control-allow-origin"] == FRIEND


async def test_to_trust_one_origin_is_to_trust_no_other(serve: Serve) -> None:
    server = await serve(trusted_origins=(FRIEND,))
    for origin in (
        FRIEND + ".evil.example",
        "http://friend.example",
        FRIEND + ":444",
        FRIEND + "/",
        "*",
    ):
        answer = await ask(server.url, "/rooms/lobby/short-polling", headers={"Origin": origin})
        assert_problem(answer, 403)
        assert "access-control-allow-origin" not in answer.headers


# Nothing of the client's in the status line or a header

MARK = "M4RK"


async def raw_head(server: InProcessServer, request: bytes) -> bytes:
    async with connected(server.url) as connection:
        connection.writer.write(request)
        return await connection.reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize(
    "line",
    [
        f"GET /{MARK} HTTP/1.1",
        f"GET /rooms/{MARK}/short-polling HTTP/1.1",
        f"GET /rooms/lobby/short-polling?cursor={MARK} HTTP/1.1",
        f"GET /rooms/lobby/short-polling?limit={MARK} HTTP/1.1",
        f"GET /rooms/lobby/long-polling?wait={MARK} HTTP/1.1",
        f"{MARK} /rooms/lobby/messages HTTP/1.1",
        f"GET /rooms/%0d%0a{MARK}:1/messages HTTP/1.1",
        f"GET /rooms/lobby/short-polling?cursor=%0d%0a{MARK}:1 HTTP/1.1",
    ],
)
async def test_nothing_of_the_clients_gets_into_the_status_line_or_a_header(
    server: InProcessServer, line: str
) -> None:
    headers = f"Host: {MARK}\r\nOrigin: http://{MARK}\r\nCookie: {MARK}\r\nX-{MARK}: {MARK}\r\n"
    for more in ("", headers, f"Last-Event-ID: {MARK}\r\n", f"Content-Type: {MARK}\r\n"):
        host = "" if "Host" in more else "Host: x\r\n"
        head = await raw_head(server, f"{line}\r\n{host}{more}\r\n".encode())
        assert head.startswith(b"HTTP/1.1 4")
        assert MARK.encode() not in head


async def test_what_a_body_says_stays_out_of_the_head(server: InProcessServer) -> None:
    for body in (
        MARK.encode(),
        json.dumps({MARK: MARK}).encode(),
        json.dumps({"key": MARK}).encode(),
    ):
        answer = await ask(server.url, MESSAGES, "POST", body)
        assert MARK not in str(answer.headers) + answer.reason


async def test_the_refusal_of_an_upgrade_is_a_problem_too(server: InProcessServer) -> None:
    url = f"ws{server.url[4:]}/rooms/lobby/websocket"
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(url, additional_headers={"Origin": "http://evil.example"}, proxy=None):
            pass
    assert refusal.value.response.status_code == 403
    assert json.loads(refusal.value.response.body)["status"] == 403


async def test_a_connection_that_was_refused_can_be_used_again(server: InProcessServer) -> None:
    json_too_long, plain = b"x" * 20_000, {"Content-Type": "text/plain"}
    async with connected(server.url) as connection:
        for status, path, body, headers in (
            (400, MESSAGES, b"[", {}),
            (422, MESSAGES, b"{}", {}),
            (413, MESSAGES, json_too_long, {}),
            (415, MESSAGES, BODY, plain),
            (404, "/rooms/Lobby/messages", BODY, {}),
            (401, "/publish", BODY, {}),
            (404, "/nowhere", BODY, {}),
            (201, MESSAGES, BODY, {}),
        ):
            assert (await connection.ask("POST", path, body, headers)).status == status
        assert (await connection.ask("GET", "/nowhere")).status == 404
        assert (await connection.ask("GET", "/rooms/lobby/short-polling")).status == 200


async def test_a_refusal_reaches_its_sender_however_much_is_sent(server: InProcessServer) -> None:
    async with connected(server.url) as connection:
        for body in (b"x" * READ_BYTES, b"x" * BODY_BYTES):
            for headers in ({"Content-Type": "text/plain"}, {}):
                answer = await connection.ask("POST", "/rooms/Lobby/messages", body, headers)
                assert answer.status == 404


async def test_a_body_that_nobody_asked_for_is_no_trouble(server: InProcessServer) -> None:
    async with connected(server.url) as connection:
        for size in (1, 20_000, 500_000):
            answer = await connection.ask("GET", "/rooms/lobby/short-polling", b"x" * size)
            assert answer.status == 200


# Heads, methods and origins


@pytest.mark.parametrize("size", [17_000, 60_000, 1_000_000])
async def test_a_head_over_16_kib_is_431(server: InProcessServer, size: int) -> None:
    async with connected(server.url) as connection:
        with suppress(ConnectionError):
            await connection.send("GET", "/healthz", headers={"X-Long": "x" * size})
        assert_problem(await connection.response(), 431)
        assert await connection.ended() == b""
    assert (await ask(server.url, "/healthz")).status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/rooms/lobby/websocket", MESSAGES, "/" + "x" * 20_000])
async def test_a_long_head_is_431_on_every_address(
    server: InProcessServer, method: str, path: str
) -> None:
    headers = {**HANDSHAKE, "Cookie": "x" * 17_000}
    async with connected(server.url) as connection:
        await connection.send(method, path, headers=headers)
        assert_problem(await connection.response(method), 431)


HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD.replace(b"GET /healthz", b"POST /publish") + b"Transfer-Encoding: chunked\r\n"
UNREADABLE = {
    "no request line": b"hello\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": HEAD + b"Host: y\r\n\r\n",
    "a NUL": HEAD + b"X: a\0b\r\n\r\n",
    "a header without a colon": HEAD + b"X\r\n\r\n",
    "a length that is none": HEAD + b"Content-Length: +5\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "a length and chunks": CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "a coding that nobody knows": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "a chunk without a size": CHUNKED + b"\r\nzz\r\n",
    "a chunk's size without an end": CHUNKED + b"\r\n" + b"0" * 100_000,
    "a chunk without its end": CHUNKED + b"\r\n2\r\n{}XX0\r\n\r\n",
    "after a good request": HEAD + b"\r\nhello\r\n\r\n" + b"x" * 100_000,
}


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_is_not_http_is_400_in_words_and_the_end(
    server: InProcessServer, sent: bytes
) -> None:
    async with connected(server.url) as connection:
        connection.writer.write(sent)
        answer = await connection.response()
        if answer.status == 200:
            answer = await connection.response()
        assert_problem(answer, 400)
        assert answer.headers["connection"] == "close"
        assert await connection.ended() == b""
    await until(lambda: not server.chat.connections.in_progress and not server.chat.traffic.open)


@pytest.mark.parametrize("path", ["/rooms/lobby/short-polling", "/healthz", "/inspect", "/metrics"])
async def test_head_is_answered_where_get_is_answered_at_once(
    server: InProcessServer, path: str
) -> None:
    async with connected(server.url) as connection:
        head = await connection.ask("HEAD", path)
        got = await connection.ask("GET", path)
    assert (head.status, got.status) == (200, 200)
    assert head.headers["content-type"] == got.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


async def test_head_is_refused_as_get_is(server: InProcessServer) -> None:
    assert (await ask(server.url, "/rooms/lobby/short-polling?cursor=x", "HEAD")).status == 400
    assert (await ask(server.url, "/rooms/user-ann/short-polling", "HEAD")).status == 401


@pytest.mark.parametrize("start", ["http://{host}", "HTTP://{host}", "http://elsewhere.example"])
async def test_a_whole_url_in_the_request_line_means_the_same(
    server: InProcessServer, start: str
) -> None:
    whole = start.format(host=server.url.removeprefix("http://"))
    async with connected(server.url) as connection:
        posted = await connection.ask("POST", whole + MESSAGES, BODY)
        read = await connection.ask("GET", f"{whole}/rooms/lobby/short-polling?limit=1")
        missing = await connection.ask("GET", whole)
    assert (posted.status, read.status) == (201, 200)
    assert [message["id"] for message in read.json["messages"]] == [1]
    assert_problem(missing, 404)


@pytest.mark.parametrize("url", ["http://", "http://[", "http://[::1/healthz", "http:///healthz"])
async def test_a_url_that_is_none_is_a_refusal(server: InProcessServer, url: str) -> None:
    assert (await ask(server.url, url)).status in (200, 404)


FOLLOWED = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


async def test_a_link_that_a_person_follows_from_another_site_is_answered(
    server: InProcessServer,
) -> None:
    assert (await ask(server.url, "/inspect", headers=FOLLOWED)).status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty"},
    ],
)
async def test_another_sites_page_that_reads_is_403(
    server: InProcessServer, changed: dict[str, str]
) -> None:
    assert_problem(await ask(server.url, "/inspect", headers=FOLLOWED | changed), 403)


async def test_a_form_that_another_site_sends_is_no_link(server: InProcessServer) -> None:
    assert_problem(await ask(server.url, MESSAGES, "POST", BODY, headers=FOLLOWED), 403)


async def test_a_trusted_origin_may_read_and_send_what_the_contract_names(serve: Serve) -> None:
    server = await serve(trusted_origins=("https://shop.example",))
    headers = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    for path in ("/rooms/lobby/short-polling", "/rooms/lobby/short-polling?limit=0"):
        answer = await ask(server.url, path, headers=headers)
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"Retry-After", "Server-Timing"} <= set(exposed)
    preflight = await ask(server.url, "/rooms/lobby/server-sent-events", "OPTIONS", None, headers)
    allowed = preflight.headers["access-control-allow-headers"].split(", ")
    assert {"Content-Type", "Authorization", "Last-Event-ID", "Cache-Control"} <= set(allowed)


@pytest.mark.parametrize("encoding", ["gzip", "identity", "br"])
async def test_a_content_encoding_is_415(server: InProcessServer, encoding: str) -> None:
    answer = await ask(server.url, MESSAGES, "POST", BODY, {"Content-Encoding": encoding})
    assert_problem(answer, 415)
