"""Server-sent events: what is particular to them. What every transport promises, the conformance suite asks."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.laboratory import Laboratory, laboratory_server
from tests.support.waiting import PATIENCE_SECONDS
from transports import sender
from transports.wire import Draft

STREAM = "/rooms/lobby/server-sent-events"
Fields = dict[str, str]


class EventStream:
    """Reads an event stream by the letter of HTML §9.2.6, over HTTP/1.0 (no chunks) or 1.1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.headers: Fields = {}
        self._text = ""

    async def begin(self) -> int:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        self.headers = {name.lower(): value for name, value in (s.split(": ", 1) for s in lines)}
        return int(first.split()[1])

    async def event(self) -> Fields | None:
        """Give the next event's fields, or a comment as the field "": None at the end."""
        while "\n\n" not in self._text:
            piece = await self._piece()
            if not piece:
                return None
            self._text += piece.decode()
        told, self._text = self._text.split("\n\n", 1)
        pairs = (line.partition(":") for line in told.split("\n"))
        return {name: value.removeprefix(" ") for name, _, value in pairs}

    async def batch(self) -> dict[str, Any]:
        fields = await self.event()
        if fields is not None and "event" not in fields:
            fields = await self.event()  # the stream begins with `retry:`
        assert fields is not None, "the stream ended"
        assert fields["event"] == "batch"
        batch: dict[str, Any] = json.loads(fields["data"])
        assert fields["id"] == batch["cursor"]
        return batch

    async def _piece(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return await self._reader.read(65536)
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def reading(
    lab: Laboratory, query: str = "", *, version: str = "1.1", **headers: str
) -> AsyncIterator[EventStream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.port)
    head = {"Host": "127.0.0.1", "Accept": "text/event-stream"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"GET {STREAM}{query} HTTP/{version}\r\n{lines}\r\n".encode())
    try:
        yield EventStream(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


def texts(batch: dict[str, Any]) -> list[str]:
    return [message["text"] for message in batch["messages"]]


async def comes_true(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (nobody tells when a room changes)
        await asyncio.sleep(0)


def with_server(story: Callable[[Laboratory], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), laboratory_server() as lab:
            await story(lab)

    asyncio.run(run())


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_the_first_batch_comes_at_once_and_each_message_is_one_event(version: str) -> None:
    async def story(lab: Laboratory) -> None:
        await lab.say("lobby", "before")
        async with reading(lab, version=version) as stream:
            assert await stream.begin() == 200
            assert texts(await stream.batch()) == ["before"]
            await lab.say("lobby", "zwölf\u2028Zeilen\nzwei")
            assert texts(await stream.batch()) == ["zwölf\u2028Zeilen\nzwei"]

    with_server(story)


def test_the_answer_tells_everything_in_between_to_pass_it_on_at_once() -> None:
    async def story(lab: Laboratory) -> None:
        async with reading(lab) as stream:
            await stream.begin()
            assert stream.headers["content-type"] == "text/event-stream"
            assert stream.headers["cache-control"] == "no-store"
            assert stream.headers["x-accel-buffering"] == "no"
            assert "etag" not in stream.headers

    with_server(story)


def test_the_last_event_id_is_newer_than_the_address_so_it_wins() -> None:
    async def story(lab: Laboratory) -> None:
        for text in ("one", "two", "three"):
            await lab.say("lobby", text)
        async with reading(lab, "?cursor=now") as stream:
            await stream.begin()
            epoch = (await stream.batch())["cursor"].partition(":")[0]
        async with reading(lab, f"?cursor={epoch}:0", Last_Event_ID=f"{epoch}:2") as stream:
            await stream.begin()
            assert texts(await stream.batch()) == ["three"]

    with_server(story)


@pytest.mark.parametrize("broken", [{"query": "?cursor=x"}, {"Last_Event_ID": "now"}])
def test_a_malformed_cursor_is_refused_before_the_stream_begins(broken: Fields) -> None:
    async def story(lab: Laboratory) -> None:
        async with reading(lab, **broken) as stream:
            assert await stream.begin() == 400
            assert stream.headers["content-type"] == "application/problem+json"

    with_server(story)


def test_a_stream_that_is_silent_gets_an_empty_batch_with_the_readers_own_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "HEARTBEAT_SECONDS", 0.01)

    async def story(lab: Laboratory) -> None:
        await lab.say("lobby", "hi")
        async with reading(lab) as stream:
            await stream.begin()
            first = await stream.batch()
            beats = [await stream.batch() for _ in range(3)]
            assert [texts(beat) for beat in beats] == [[], [], []]
            assert {beat["cursor"] for beat in beats} == {first["cursor"]}
            assert not any(beat["gap"] for beat in beats)

    with_server(story)


def test_a_stream_begins_with_retry_and_an_events_id_is_its_last_field() -> None:
    async def story(lab: Laboratory) -> None:
        waits = set()
        for _ in range(8):
            async with reading(lab) as stream:
                await stream.begin()
                first = await stream.event()
                assert first is not None
                assert list(first) == ["retry"]
                waits.add(int(first["retry"]))
                assert list(await stream.event() or {}) == ["event", "data", "id"]
        assert all(500 <= wait <= 3000 for wait in waits)
        assert len(waits) > 1, "those who were cut off together come back spread"

    with_server(story)


@pytest.mark.parametrize("header", [{}, {"Last_Event_ID": ""}])
def test_last_event_id_in_the_address_means_the_header(header: Fields) -> None:
    async def story(lab: Laboratory) -> None:
        for text in ("one", "two", "three"):
            await lab.say("lobby", text)
        epoch = str((await lab.chat.rooms.enter("lobby")).cursor).partition(":")[0]
        query = f"?cursor={epoch}:0&lastEventId={epoch}:2"
        async with reading(lab, query, **header) as stream:
            await stream.begin()
            assert texts(await stream.batch()) == ["three"]

    with_server(story)


def test_a_client_that_leaves_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    async def story(lab: Laboratory) -> None:
        gone = asyncio.Event()
        async with reading(lab) as stream:
            await stream.begin()
            await stream.batch()
            room = await lab.chat.rooms.enter("lobby")
            assert (room.readers, len(lab.chat.connections.lasting)) == (1, 1)
            lab.chat.connections.observers.add(lambda _: gone.set())
        await gone.wait()
        await lab.say("lobby")
        assert (
            room.readers,
            len(lab.chat.connections.lasting),
            len(lab.chat.connections.in_progress),
        ) == (0, 0, 0)
        assert not caplog.records

    with_server(story)


def test_when_the_server_ends_the_stream_ends_cleanly(caplog: pytest.LogCaptureFixture) -> None:
    async def story(lab: Laboratory) -> None:
        async with reading(lab) as stream:
            await stream.begin()
            await stream.batch()
            draining = asyncio.ensure_future(lab.chat.drain())
            assert await stream.event() is None, "a last chunk of length 0, and not a cut"
            await draining
        assert not caplog.records

    with_server(story)


def test_a_reader_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "STALL_SECONDS", 0.05)

    async def story(lab: Laboratory) -> None:
        async with reading(lab) as stream:
            await stream.begin()
            room = await lab.chat.rooms.enter("lobby")
            while room.readers:  # what the kernel buffers for us has an end
                await room.post(Draft("ann", "x" * 2000))
                await asyncio.sleep(0)

    with_server(story)


@pytest.mark.parametrize("transport", ["server-sent-events", "websocket"])
def test_a_message_that_meets_a_reset_connection_ends_that_reader_without_a_traceback(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(lab: Laboratory) -> None:
        with socket.create_connection(("127.0.0.1", lab.port)) as client:
            upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            address = f"GET /rooms/lobby/{transport} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            client.sendall((address + upgrade + key + "\r\n").encode())
            room = await lab.chat.rooms.enter("lobby")
            await comes_true(lambda: room.readers == 1)
            reset = struct.pack("ii", 1, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        await room.post(Draft("ann", "hi"))  # told before the loop looks at the socket again
        await comes_true(lambda: room.readers == 0)
        assert not caplog.records

    with_server(story)
