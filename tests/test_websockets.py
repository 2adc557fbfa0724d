"""WebSocket: one batch a frame, pushed; readers that stall, vanish or leave hurt nobody, and every close says why."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import transports.app
import transports.sender
import transports.websockets
from tests.conftest import Serve
from tests.support.clients import Batch, Reader, Refused, joined
from tests.support.http import Connection, ask, connected
from tests.support.in_process_server import GatedStore, InProcessServer
from tests.support.waiting import until
from transports.rate import RateLimit
from transports.stream import CountedStream
from transports.wire import BODY_BYTES, Draft, Start

PATH = "/rooms/lobby/websocket"
SEND = '{"type": "send", "author": "ann", "text": "hi"}'

SOCKET_BYTES = 16 * 1024  # what a stalled reader's socket, and the server's end of it, take at most
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Frames:
    """A WebSocket's client, frame by frame: it answers no ping, and reads only when it is told to."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, opcode: int, payload: bytes = b"", *, final: bool = True) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
        size = len(payload)
        head = bytes([opcode | 0x80 * final])
        head += bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        self.connection.writer.write(head + mask + masked)

    async def receive(self) -> tuple[int, bytes]:
        """Give the next frame's opcode and payload."""
        reader = self.connection.reader
        first, size = await reader.readexactly(2)
        assert first & 0xF0 == 0x80, "whole, and without extensions"
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await reader.readexactly(8), "big")
        return first & 0x0F, await reader.readexactly(size)

    async def close_code(self) -> int:
        """Read up to the server's good-bye; give its code."""
        while (frame := await self.receive())[0] != CLOSE:
            pass
        return int.from_bytes(frame[1][:2], "big")


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes ok").decode(),
}


@asynccontextmanager
async def upgraded(
    server: InProcessServer, path: str = PATH, **options: Any
) -> AsyncIterator[Frames]:
    async with connected(server.url, **options) as connection:
        await connection.send("GET", path, headers=HANDSHAKE)
        assert (await connection.head()).status == 101
        yield Frames(connection)


def stream_of(server: InProcessServer) -> CountedStream:
    """Give the server's end of its only WebSocket."""
    [handler] = server.chat.connections.lasting
    return cast(CountedStream, cast(Any, handler).ws_connection.stream)


async def post(server: InProcessServer, *texts: str) -> None:
    room = await server.room()
    for text in texts:
        await room.post(Draft("ann", text))


# Frames


async def test_each_batch_is_one_text_frame_and_the_first_comes_at_once(
    server: InProcessServer,
) -> None:
    async with upgraded(server) as frames:
        opcode, payload = await frames.receive()
        assert (opcode, Batch(payload).messages) == (TEXT, [])
        await post(server, "hi")
        opcode, payload = await frames.receive()
        assert (opcode, Batch(payload).texts) == (TEXT, ["hi"])


@pytest.mark.parametrize("characters", [1, 20, 1000, 2000])
async def test_a_frame_of_any_length_is_whole(server: InProcessServer, characters: int) -> None:
    messages = 1 if characters < 2000 else 100
    await post(server, *["𝒳" * characters] * messages)
    async with upgraded(server) as frames:
        _, payload = await frames.receive()
    assert Batch(payload).texts == ["𝒳" * characters] * messages


async def test_a_message_in_fragments_with_a_ping_between_them_is_one_message(
    server: InProcessServer,
) -> None:
    async with upgraded(server, f"{PATH}?cursor=now") as frames:
        await frames.receive()
        frames.send(TEXT, SEND[:10].encode(), final=False)
        frames.send(PING, b"are you there")
        frames.send(0, SEND[10:].encode())
        told = [await frames.receive() for _ in range(3)]
    assert (PONG, b"are you there") in told
    assert sorted(json.loads(payload)["type"] for opcode, payload in told if opcode == TEXT) == [
        "ack",
        "batch",
    ]


async def test_sends_on_one_socket_are_answered_in_their_order(server: InProcessServer) -> None:
    async with upgraded(server, f"{PATH}?cursor=now") as frames:
        for n in range(30):
            draft = {"type": "send", "author": "ann", "text": f"{n}", "key": f"k{n}"}
            frames.send(TEXT, json.dumps(draft).encode())
        keys: list[str] = []
        while len(keys) < 30:
            told = json.loads((await frames.receive())[1])
            keys += [told["key"]] if told["type"] == "ack" else []
    assert keys == [f"k{n}" for n in range(30)]


async def test_a_client_that_sends_without_end_keeps_no_other_waiting(
    server: InProcessServer,
) -> None:
    path = f"{PATH}?cursor=now"
    async with upgraded(server, path) as flood, upgraded(server, path) as patient:
        await patient.receive()
        for _ in range(100):
            flood.send(TEXT, SEND.encode())
        patient.send(TEXT, SEND.encode())  # by now all of it lies in the server's sockets
        while (answer := json.loads((await patient.receive())[1]))["type"] != "ack":
            pass
    assert answer["id"] < 50


async def test_who_sends_and_half_closes_is_answered(serve: Serve) -> None:
    store = GatedStore()
    store.reading.set()
    server = await serve(store=store)
    async with upgraded(server, f"{PATH}?cursor=now") as frames:
        await frames.receive()
        for _ in range(3):
            frames.send(TEXT, SEND.encode())
        frames.connection.half_close()
        await until(lambda: store.calls == 2)
        await ask(server.url, "/healthz")  # by now the end has arrived, too
        store.appending.set()
        answers = [json.loads((await frames.receive())[1]) for _ in range(4)]
    assert [answer["id"] for answer in answers if answer["type"] == "ack"] == [1, 2, 3]


async def test_small_frames_are_not_kept_waiting_for_bigger_ones(server: InProcessServer) -> None:
    async with joined(server.url, "websocket"):
        await until(lambda: server.chat.connections.lasting)
        nodelay = stream_of(server).socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert nodelay


async def test_compression_is_not_agreed_to(server: InProcessServer) -> None:
    async with connect(f"ws{server.url[4:]}{PATH}", compression="deflate", proxy=None) as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


# Pings


async def test_a_peer_that_has_vanished_is_noticed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports.app, "PING_SECONDS", 0.1)
    monkeypatch.setattr(transports.app, "PONG_SECONDS", 0.1)
    server = await serve()
    async with upgraded(server) as gone, joined(server.url, "websocket") as alive:
        await until(lambda: len(server.chat.connections.lasting) == 2)
        assert await gone.close_code() == 1000
        gone.connection.abort()
        await until(lambda: len(server.chat.connections.lasting) == 1)
        assert (await server.room()).readers == 1
        assert (await alive.post("still here"))["id"] == 1


def test_pings_come_below_the_idle_time_of_every_proxy() -> None:
    assert transports.app.PONG_SECONDS <= transports.app.PING_SECONDS <= 30


# Readers that stall


@asynccontextmanager
async def stalled(
    server: InProcessServer, path: str = f"{PATH}?cursor=now"
) -> AsyncIterator[Frames]:
    """A reader whose socket takes little, and that reads nothing until it is told to."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=4096)
        connection = Connection(reader, writer)
        try:
            await connection.send("GET", path, headers=HANDSHAKE)
            assert (await connection.head()).status == 101
            for handler in server.chat.connections.lasting:
                stream = cast(Any, handler).ws_connection.stream
                stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
            yield Frames(connection)
        finally:
            await connection.close()


def buffered(server: InProcessServer, handler: object) -> int:
    """Give how many bytes the server keeps for one reader."""
    return len(cast(Any, handler).ws_connection.stream._write_buffer)


async def flood(server: InProcessServer, count: int, size: int = 2000) -> None:
    """Post so much that a reader that takes nothing has its socket full."""
    room = await server.room()
    for n in range(count):
        await room.post(Draft("ann", f"{n}".ljust(size, ".")))
        await asyncio.sleep(0)


async def test_a_reader_that_never_reads_falls_behind_in_the_log_and_not_in_memory(
    serve: Serve,
) -> None:
    server = await serve(history=50)
    async with stalled(server), joined(server.url, "websocket", cursor="now") as quick:
        await until(lambda: len(server.chat.connections.lasting) == 2)
        seen = Reader()
        reading = asyncio.ensure_future(seen.read_to(quick, 5000))
        most = 0
        for _ in range(50):
            await flood(server, 100)
            most = max(
                most, *[buffered(server, handler) for handler in server.chat.connections.lasting]
            )
        await reading
    assert seen.exact
    assert most < 500_000  # of the 10 MB that were written


async def test_a_slow_reader_catches_up_and_misses_nothing_that_is_retained(
    server: InProcessServer,
) -> None:
    async with stalled(server) as frames:
        await flood(server, 900)
        handler, seen = next(iter(server.chat.connections.lasting)), Reader()
        assert stream_of(server).writing()
        assert cast(Any, handler).subscription.cursor.id < 900
        while seen.ids[-1:] != [900]:
            seen.take(Batch((await frames.receive())[1]))
        assert (seen.exact, seen.ids, seen.gaps) == (True, list(range(1, 901)), 0)
        await post(server, "and it stands with the others again")
        assert Batch((await frames.receive())[1]).ids == [901]


async def test_a_slow_reader_that_the_history_has_passed_learns_of_its_gap(serve: Serve) -> None:
    server = await serve(history=20)
    async with stalled(server) as frames:
        await flood(server, 3000)
        seen = Reader()
        while seen.ids[-1:] != [3000]:
            seen.take(Batch((await frames.receive())[1]))
    assert seen.gaps >= 1
    assert seen.exact
    assert seen.ids == list(range(2981, 3001))


async def test_a_reader_that_takes_nothing_while_data_waits_is_closed_1013(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports.sender, "STALL_SECONDS", 0.2)
    async with stalled(server) as frames:
        [stalls] = server.chat.connections.lasting
        async with joined(server.url, "websocket", cursor="now") as other:
            await other.receive()
            await flood(server, 2000, size=200)
            await until(lambda: cast(Any, stalls).ws_connection is None)
            assert await frames.close_code() == 1013
            frames.send(CLOSE, (1013).to_bytes(2, "big"))
            await until(lambda: stalls not in server.chat.connections.lasting)
            await other.post("hi")
            assert (await server.room()).readers == 1


Timers = list[Callable[[], object]]


def hold_timers(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Timers:
    """Collect the timers of so many seconds in the list that this returns, in place of starting them."""
    loop, held = asyncio.get_running_loop(), Timers()
    call_later = loop.call_later

    def hold(delay: float, callback: Callable[..., object], *given: Any, **more: Any) -> Any:
        if delay != seconds:
            return call_later(delay, callback, *given, **more)
        held.append(partial(callback, *given))
        return call_later(delay, lambda: None)

    monkeypatch.setattr(loop, "call_later", hold)
    return held


async def test_a_reader_that_reads_slowly_but_reads_is_not_given_up(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers = hold_timers(monkeypatch, transports.sender.STALL_SECONDS)

    async def pass_time(takes: bool) -> None:
        due = timers.copy()
        timers.clear()
        sent = stream.sent
        while takes and stream.sent == sent:
            await frames.connection.reader.read(3000)
        for callback in due:
            callback()

    async with stalled(server) as frames:
        await flood(server, 1000)
        [handler] = server.chat.connections.lasting
        stream = cast(Any, handler).ws_connection.stream
        for _ in range(5):
            await pass_time(takes=True)
            assert cast(Any, handler).ws_connection is not None
        await pass_time(takes=False)
        await pass_time(takes=False)
        assert cast(Any, handler).ws_connection is None


# Coming and going


async def test_who_closes_is_answered_and_forgotten(server: InProcessServer) -> None:
    async with upgraded(server) as frames:
        await frames.receive()
        frames.send(CLOSE, (1000).to_bytes(2, "big"))
        assert await frames.close_code() == 1000
        await until(lambda: not server.chat.connections.lasting)
        assert (await server.room()).readers == 0


async def test_a_reader_that_vanishes_is_forgotten_and_the_next_message_is_no_trouble(
    server: InProcessServer,
) -> None:
    async with joined(server.url, "websocket", cursor="now") as stays:
        async with upgraded(server, f"{PATH}?cursor=now") as vanishes:
            await vanishes.receive()
            vanishes.connection.abort()
            await post(server, "one", "two")  # before the server can know
        seen = Reader()
        await seen.read_to(stays, 2)
        await until(lambda: len(server.chat.connections.lasting) == 1)
    assert seen.exact


async def test_who_leaves_while_its_room_is_loading_leaves_nothing_behind(serve: Serve) -> None:
    store = GatedStore()
    server = await serve(store=store)
    async with connected(server.url) as connection:
        await connection.send("GET", PATH, headers=HANDSHAKE)
        await until(lambda: store.calls)
        connection.abort()
    store.open_gates()
    room = await server.room()
    await until(
        lambda: not server.chat.connections.lasting and not server.chat.connections.in_progress
    )
    assert room.readers == 0


async def test_who_leaves_while_its_message_is_being_kept_has_sent_it(serve: Serve) -> None:
    store = GatedStore()
    store.reading.set()
    server = await serve(store=store)
    async with upgraded(server) as frames:
        await frames.receive()
        frames.send(TEXT, SEND.encode())
        await until(lambda: store.calls == 2)
        frames.connection.abort()
    store.appending.set()
    room = await server.room()
    await until(lambda: room.cursor.id == 1)
    await until(lambda: not server.chat.connections.lasting)
    assert room.readers == 0


async def test_a_frame_that_is_no_message_is_answered_and_the_socket_stays_open(
    server: InProcessServer,
) -> None:
    async with joined(server.url, "websocket") as client:
        for frame in ("", "{", "[]", "{}", '{"type": "send"}', '{"type": "batch"}'):
            with pytest.raises(Refused):
                await client.say(frame)
        assert (await client.say(SEND))["id"] == 1


async def test_an_error_names_the_key_of_what_it_refuses(server: InProcessServer) -> None:
    async with joined(server.url, "websocket") as client:
        with pytest.raises(Refused) as refusal:
            await client.post(" ", key="mine")
    told = refusal.value.problem
    assert set(told) == {"type", "key", "status", "title", "detail"}
    assert (told["type"], told["key"], told["status"]) == ("error", "mine", 422)


async def test_what_goes_on_above_the_rate_is_closed_1008_in_the_end(serve: Serve) -> None:
    server = await serve(rate=RateLimit(0.001))
    async with joined(server.url, "websocket") as client:
        await client.say(SEND)
        with pytest.raises(Refused) as refusal:
            await client.say(SEND)
        assert refusal.value.status == 429
        assert refusal.value.problem["retry_after"] >= 1
        with suppress(ConnectionClosed):
            for _ in range(200):
                await client.socket.send(SEND)
        code, reason = await client.closed()
    assert (code, reason) == (1008, "too many messages")
    await until(lambda: not server.chat.connections.lasting)


async def test_a_message_that_is_let_through_makes_good_for_those_that_were_not(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports.websockets, "REFUSALS_IN_A_ROW", 2)
    rate = RateLimit(0.001)
    server = await serve(rate=rate)
    async with joined(server.url, "websocket") as client:
        for _ in range(3):
            rate._full_at.clear()  # time passes
            assert (await client.say(SEND))["type"] == "ack"
            for _ in range(2):
                with pytest.raises(Refused):
                    await client.say(SEND)


async def test_a_cursor_that_is_none_is_closed_4400_with_the_reason_and_forgotten(
    server: InProcessServer,
) -> None:
    async with joined(server.url, "websocket", cursor="nonsense") as client:
        code, reason = await client.closed()
    assert code == 4400
    assert "cursor" in reason
    await until(lambda: not server.chat.connections.lasting)
    assert not [room for room in server.chat.rooms if room.readers]


async def test_a_reader_that_was_turned_away_can_post_nothing(server: InProcessServer) -> None:
    async with upgraded(server, f"{PATH}?cursor=nonsense") as frames:
        frames.send(TEXT, SEND.encode())
        assert await frames.close_code() == 4400
    assert (await ask(server.url, "/rooms/lobby/short-polling")).json["messages"] == []


# After a Close frame, and beside the batches


async def after_close(frames: Frames) -> list[int]:
    """Return the opcodes of what comes after the server's Close frame."""
    while (await frames.receive())[0] != CLOSE:
        pass
    frames.send(PING, b"still there?")
    frames.send(TEXT, SEND.encode())
    opcodes = []
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            opcodes.append((await frames.receive())[0])
    return opcodes


async def talk(server: InProcessServer) -> None:
    """Keep a room busy."""
    while True:
        await post(server, "busy")
        await asyncio.sleep(0)


@pytest.mark.parametrize("code", [1008, 1012, 1013, 4401])
async def test_nothing_is_sent_after_a_close_frame_and_nothing_read(
    server: InProcessServer, code: int
) -> None:
    async with upgraded(server) as frames:
        await frames.receive()
        busy = asyncio.create_task(talk(server))
        [handler] = server.chat.connections.lasting
        handler.close(code, "enough")
        assert await asyncio.wait_for(after_close(frames), 8) == []
        busy.cancel()
    assert "hi" not in [m.text for m in (await server.room()).since(Start.NEWEST).messages]


async def test_a_peer_that_is_given_up_for_silence_is_sent_nothing_after_the_close(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with upgraded(server) as frames:
        await frames.receive()
        busy = asyncio.create_task(talk(server))
        [handler] = server.chat.connections.lasting
        cast(Any, handler).ws_connection.close(reason="ping timed out")  # as Tornado does it
        assert await asyncio.wait_for(after_close(frames), 8) == []
        busy.cancel()


async def test_in_a_busy_room_too_a_frame_over_1_mib_is_told_why(server: InProcessServer) -> None:
    busy = asyncio.create_task(talk(server))
    async with joined(server.url, "websocket", cursor="now") as client:
        with pytest.raises(ConnectionClosed):
            await client.say("x" * (2 * transports.app.FRAME_READ_BYTES))
        code, reason = await client.closed()
    busy.cancel()
    assert (code, bool(reason)) == (1009, True)


async def test_a_socket_that_is_silent_gets_an_empty_batch_with_the_readers_own_cursor(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports.sender, "HEARTBEAT_SECONDS", 0.01)
    async with upgraded(server) as frames:
        first = json.loads((await frames.receive())[1])
        beats = [json.loads((await frames.receive())[1]) for _ in range(3)]
        assert all(beat == first | {"messages": []} for beat in beats)
        await post(server, "hi")
        seen = Reader()
        while seen.ids != [1]:
            seen.take(Batch((await frames.receive())[1]))
        assert seen.exact


async def test_a_socket_over_which_something_was_sent_gets_no_heartbeat_meanwhile(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports.sender, "HEARTBEAT_SECONDS", 0.2)
    async with upgraded(server) as frames:
        await frames.receive()
        [handler] = server.chat.connections.lasting
        sender = cast(Any, handler).sender
        for n in range(5):
            await post(server, f"{n}")
            assert json.loads((await frames.receive())[1])["messages"]
        assert sender._loop.time() - sender._sent_at < 0.2


KEYED = {
    "not UTF-16": '{"type": "send", "key": "k1", "text": "\\ud800", "author": "ann"}',
    "NaN": '{"key": "k1", "text": NaN}',
    "cut off": '{"type": "send", "key": "k1", "author": "an',
    "trailing comma": '{"type": "send", "key": "k1", }',
    "too deep": '{"x": ' + "[" * 5000 + "]" * 5000 + ', "key": "k1"}',
    "nested keys": '{"x": {"key": "no"}, "key": "k1", "y": [{"key": "no"}]}',
    "escaped": '{"text": "\\"key\\": \\"no\\"", "key": "k\\u0031"}',
    "no type": '{"author": "ann", "text": "hi", "key": "k1"}',
    "blank": '{"type": "send", "author": " ", "text": "hi", "key": "k1"}',
    "too long": json.dumps({"type": "send", "author": "a", "text": "x" * 17_000, "key": "k1"}),
    "much too long": json.dumps({"text": "x" * 900_000, "key": "k1", "author": "a"}),
}


@pytest.mark.parametrize("frame", KEYED.values(), ids=KEYED)
async def test_an_error_carries_the_key_whatever_else_is_wrong_and_the_socket_stays_open(
    server: InProcessServer, frame: str
) -> None:
    async with joined(server.url, "websocket", cursor="now") as client:
        with pytest.raises(Refused) as refusal:
            await client.say(frame)
        assert refusal.value.problem["key"] == "k1"
        assert refusal.value.status in (400, 413, 422)
        assert (await client.post("a short one"))["id"] == 1


@pytest.mark.parametrize("frame", ["[]", '"key"', '{"key": 7}', '{"key": "\\ud800"}', "", "key"])
async def test_where_no_key_can_be_read_an_error_carries_none(
    server: InProcessServer, frame: str
) -> None:
    async with joined(server.url, "websocket", cursor="now") as client:
        with pytest.raises(Refused) as refusal:
            await client.say(frame)
        assert "key" not in refusal.value.problem


@pytest.mark.parametrize("size", [BODY_BYTES + 1, 17_000, 1 << 20])
async def test_a_frame_over_16_kib_is_an_error_413_and_the_socket_stays_open(
    server: InProcessServer, size: int
) -> None:
    async with joined(server.url, "websocket", cursor="now") as client:
        with pytest.raises(Refused) as refusal:
            await client.say("x" * size)
        assert refusal.value.status == 413
        assert (await client.post("a short one"))["id"] == 1
