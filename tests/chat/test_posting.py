"""Writing over HTTP and from outside programs: an ack is a promise, and who sends too much is asked to wait."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.conftest import Serve
from tests.support.clients import Refused, joined
from tests.support.http import Connection, Response, ask, connected
from tests.support.in_process_server import GatedStore, InProcessServer
from tests.support.waiting import until
from transports.rate import RateLimit
from transports.wire import BODY_BYTES

PATH = "/rooms/lobby/messages"
DRAFT = {"author": "ann", "text": "hi"}
BODY = json.dumps(DRAFT).encode()


async def post(server: InProcessServer, body: bytes = BODY, **headers: str) -> Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(server.url, PATH, "POST", body, headers)


async def kept(server: InProcessServer, room: str = "lobby") -> list[str]:
    answer = await ask(server.url, f"/rooms/{room}/short-polling")
    return [message["text"] for message in answer.json["messages"]]


async def test_a_new_message_is_201_and_one_that_was_there_200(server: InProcessServer) -> None:
    body = json.dumps(DRAFT | {"key": "k"}).encode()
    first, again = await post(server, body), await post(server, body)
    assert (first.status, again.status) == (201, 200)
    assert first.json == {
        "type": "ack", "key": "k", "id": 1, "cursor": first.json["cursor"], "duplicate": False,
    }  # fmt: skip
    assert again.json == first.json | {"duplicate": True}
    assert first.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json ;x=y",
    ],
)
async def test_json_by_any_spelling_of_its_name_is_taken(
    server: InProcessServer, kind: str
) -> None:
    assert (await post(server, Content_Type=kind)).status == 201


def padded(size: int) -> bytes:
    """A draft of exactly so many bytes."""
    body = json.dumps(DRAFT | {"padding": ""}).encode()
    return body.replace(b'""', b'"%b"' % (b"x" * (size - len(body))))


async def test_a_body_may_have_16_kib_and_not_a_byte_more(server: InProcessServer) -> None:
    assert (await post(server, padded(BODY_BYTES))).status == 201
    assert (await post(server, padded(BODY_BYTES + 1))).status == 413
    assert len(await kept(server)) == 1


async def chunked(connection: Connection, body: bytes, size: int) -> Response:
    """Send a body in chunks, of a length that nobody has announced."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: {connection.host}\r\nTransfer-Encoding: chunked\r\n"
    connection.writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n")
    for start in range(0, len(body), size):
        part = body[start : start + size]
        connection.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
    connection.writer.write(b"0\r\n\r\n")
    await connection.writer.drain()
    return await connection.response()


async def test_a_chunked_body_is_taken_and_measured_too(server: InProcessServer) -> None:
    async with connected(server.url) as connection:
        assert (await chunked(connection, BODY, 3)).status == 201
        assert (await chunked(connection, padded(BODY_BYTES + 1), 1000)).status == 413
        assert (await chunked(connection, BODY, 100)).status == 201
    assert len(await kept(server)) == 2


async def test_a_client_that_leaves_in_the_middle_of_its_body_has_sent_nothing(
    server: InProcessServer,
) -> None:
    async with connected(server.url) as connection:
        head = {"Content-Length": "500", "Content-Type": "application/json"}
        await connection.send("POST", PATH, headers=head)
        connection.writer.write(BODY)
        await until(lambda: server.chat.connections.in_progress)
    await until(lambda: not server.chat.connections.in_progress)
    assert await kept(server) == []


async def test_a_client_that_leaves_while_its_message_is_being_kept_has_sent_it(
    serve: Serve,
) -> None:
    store = GatedStore()
    store.reading.set()
    server = await serve(store=store)
    async with connected(server.url) as connection:
        await connection.send("POST", PATH, BODY)
        await until(lambda: store.calls == 2)
        connection.abort()
    await until(lambda: not server.chat.connections.in_progress)
    store.appending.set()
    room = await server.room()
    await until(lambda: room.cursor.id == 1)
    assert await kept(server) == ["hi"]


async def test_an_ack_waits_for_the_store(serve: Serve) -> None:
    store = GatedStore()
    store.reading.set()
    server = await serve(store=store)
    posting = asyncio.ensure_future(post(server))
    await until(lambda: store.calls == 2)
    assert not posting.done()
    store.appending.set()
    assert (await posting).status == 201


# Outside programs


async def publish(
    server: InProcessServer, authorization: str | None, **members: object
) -> Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    body = json.dumps(DRAFT | {"room": "lobby"} | members).encode()
    return await ask(server.url, "/publish", "POST", body, headers)


async def test_a_program_with_the_key_publishes_into_any_room(serve: Serve) -> None:
    server = await serve(publish_key="s3cret ß")
    good = "Bearer s3cret ß"
    first = await publish(server, good, room="orders", key="order-42")
    again = await publish(server, good, room="orders", key="order-42")
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json | {"duplicate": True}
    assert await kept(server, "orders") == ["hi"]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer s3cretx",
        "s3cret",
        "Basic s3cret",
        "Bearer s3cret x",
    ],
)
async def test_a_program_without_the_key_is_401_and_publishes_nothing(
    serve: Serve, authorization: str | None
) -> None:
    server = await serve(publish_key="s3cret")
    answer = await publish(server, authorization)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert await kept(server) == []


@pytest.mark.parametrize("authorization", ["bearer s3cret", "BEARER s3cret", "Bearer  s3cret"])
async def test_the_key_is_known_by_any_spelling_of_its_scheme(
    serve: Serve, authorization: str
) -> None:
    server = await serve(publish_key="s3cret")
    assert (await publish(server, authorization)).status == 201


async def test_an_empty_key_lets_nobody_publish(serve: Serve) -> None:
    server = await serve(publish_key="")
    for authorization in (None, "", "Bearer", "Bearer "):
        assert (await publish(server, authorization)).status == 401


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer None", "Bearer"])
async def test_where_there_is_no_key_nobody_publishes(
    server: InProcessServer, authorization: str
) -> None:
    assert (await publish(server, authorization)).status == 401


@pytest.mark.parametrize("room", [None, 1, "", "Lobby", "a b", "x" * 65, "../lobby", ["lobby"]])
async def test_a_room_that_there_cannot_be_is_422(serve: Serve, room: object) -> None:
    server = await serve(publish_key="k")
    answer = await publish(server, "Bearer k", room=room)
    assert (answer.status, "room" in answer.json["detail"]) == (422, True)


# Too many


class Clock:
    """A time that passes when the test says."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("transports.rate.time", clock)
    return clock


async def test_who_sends_too_much_is_429_with_how_long_to_wait(serve: Serve) -> None:
    server = await serve(rate=RateLimit(0.01))
    first, second = await post(server), await post(server)
    assert (first.status, second.status, second.json["status"]) == (201, 429, 429)
    assert 90 <= int(second.headers["retry-after"]) <= 100
    assert len(await kept(server)) == 1


async def test_the_limit_is_the_addresss_whatever_it_writes_over(serve: Serve) -> None:
    server = await serve(rate=RateLimit(0.01))
    async with joined(server.url, "websocket") as one, joined(server.url, "short-polling") as other:
        await one.post("the only one")
        for client in (one, other):
            with pytest.raises(Refused) as refusal:
                await client.post("too many")
            assert refusal.value.status == 429


async def test_after_the_wait_one_may_send_again(serve: Serve, clock: Clock) -> None:
    server = await serve(rate=RateLimit(5))
    while (refused := await post(server)).status == 201:
        pass
    clock.now += int(refused.headers["retry-after"])
    assert (await post(server)).status == 201


async def test_reading_is_not_limited(serve: Serve) -> None:
    server = await serve(rate=RateLimit(0.01))
    async with connected(server.url) as connection:
        for _ in range(50):
            assert (await connection.ask("GET", "/rooms/lobby/short-polling")).status == 200


async def test_what_a_program_publishes_is_not_limited(serve: Serve) -> None:
    server = await serve(rate=RateLimit(0.01), publish_key="k")
    assert {(await publish(server, "Bearer k")).status for _ in range(10)} == {201}


def burst(limit: RateLimit, address: str = "a") -> int:
    """Take until it is refused; give how many were allowed."""
    count = 0
    while not limit.take(address) and count < 10_000:
        count += 1
    return count


@pytest.mark.parametrize(("rate", "allowed"), [(20, 40), (1, 2), (0.1, 1), (2.5, 5)])
def test_a_burst_is_two_seconds_worth(clock: Clock, rate: float, allowed: int) -> None:
    limit = RateLimit(rate)
    assert burst(limit) == allowed
    wait = limit.take("a")
    assert wait == pytest.approx(1 / rate)
    clock.now += wait
    assert burst(limit) == 1
    clock.now += 1000
    assert burst(limit) == allowed


def test_addresses_do_not_share_their_limit(clock: Clock) -> None:
    limit = RateLimit(20)
    assert burst(limit, "a") == burst(limit, "b") == 40


def test_who_was_refused_waits_no_longer_for_it(clock: Clock) -> None:
    limit = RateLimit(20)
    burst(limit)
    waits = [limit.take("a") for _ in range(100)]
    assert waits == pytest.approx([1 / 20] * 100)


def test_without_a_limit_nobody_is_refused() -> None:
    assert burst(RateLimit(0)) == 10_000


def test_only_who_sent_something_lately_is_remembered(clock: Clock) -> None:
    limit = RateLimit(20)
    for n in range(100_000):
        limit.take(f"2001:db8::{n:x}")
        clock.now += 0.001
    assert len(limit._full_at) <= 2 * 1000 + 1


def test_who_sends_all_the_time_does_not_keep_the_others_in_memory(clock: Clock) -> None:
    limit = RateLimit(20)
    for n in range(50_000):
        limit.take("busy")
        limit.take(f"{n}")
        clock.now += 0.001
    assert len(limit._full_at) <= 2 * 1000 + 2
