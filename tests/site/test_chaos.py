"""The chaos proxy: it changes no byte, and does to connections what its controls say, within what a test can time."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.support.laboratory import LaboratoryServer, laboratory_server, next_json
from tests.support.waiting import PATIENCE_SECONDS
from tutorial.laboratory.chaos import RESEND_SECONDS, Link
from tutorial.laboratory.disposable_server import DisposableServer

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def linked(**given: object) -> AsyncIterator[Link]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    link = Link(server.sockets[0].getsockname()[1], **given)  # type: ignore[arg-type]
    await link.listen()
    yield link
    await link.close()
    server.close()


@asynccontextmanager
async def connected(link: Link) -> AsyncIterator[Ends]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    yield reader, writer
    writer.close()


async def there_and_back(ends: Ends, data: bytes = b"x") -> float:
    """Send, wait for the echo, and give the seconds that it took."""
    began = time.monotonic()
    ends[1].write(data)
    assert await ends[0].readexactly(len(data)) == data
    return time.monotonic() - began


def with_link(test: Callable[[Link, Ends], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), linked() as link, connected(link) as ends:
            await test(link, ends)

    asyncio.run(run())


def test_a_megabyte_goes_through_to_the_byte() -> None:
    async def test(link: Link, ends: Ends) -> None:
        data = bytes(range(256)) * 4096
        await there_and_back(ends, data)

    with_link(test)


def test_what_is_lost_comes_later_and_all_behind_it_waits() -> None:
    async def run() -> None:
        taken = asyncio.Event()
        async with (
            linked(listener=lambda *_: taken.set()) as link,
            connected(link) as (reader, writer),
        ):
            link.conditions.loss = 100
            began = time.monotonic()
            writer.write(b"lost ")
            await taken.wait()
            link.conditions.loss = 0
            writer.write(b"and behind it")
            assert await reader.readexactly(18) == b"lost and behind it"
            assert time.monotonic() - began >= RESEND_SECONDS

    asyncio.run(run())


def test_latency_is_added_each_way() -> None:
    async def test(link: Link, ends: Ends) -> None:
        link.conditions.latency_ms = 300
        took = [await there_and_back(ends) for _ in range(3)]
        assert 0.6 <= min(took) < 1.2, "once each way, and not twice"

    with_link(test)


def test_jitter_delays_and_keeps_the_order() -> None:
    async def test(link: Link, ends: Ends) -> None:
        link.conditions.jitter_ms = 40
        took = [await there_and_back(ends) for _ in range(10)]
        assert max(took) - min(took) > 0.005
        for number in range(50):
            ends[1].write(bytes([number]))
            await asyncio.sleep(0)
        assert await ends[0].readexactly(50) == bytes(range(50))

    with_link(test)


def test_a_drip_is_as_slow_as_it_says() -> None:
    async def test(link: Link, ends: Ends) -> None:
        link.conditions.drip = 2000
        assert await there_and_back(ends, b"x" * 1000) >= 0.35

    with_link(test)


def test_a_frozen_link_is_silent_and_open_and_a_thawed_one_loses_nothing() -> None:
    async def test(link: Link, ends: Ends) -> None:
        await there_and_back(ends)
        link.freeze()
        ends[1].write(b"held")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ends[0].read(1), 0.2)
        link.thaw()
        assert await ends[0].readexactly(4) == b"held"

    with_link(test)


def test_a_cut_resets_the_client() -> None:
    async def test(link: Link, ends: Ends) -> None:
        await there_and_back(ends)
        link.cut()
        with pytest.raises(ConnectionResetError):
            await ends[0].read(1)

    with_link(test)


def test_a_link_that_does_not_listen_refuses_and_listens_again_on_the_same_port() -> None:
    async def test(link: Link, ends: Ends) -> None:
        port = link.port
        link.stop_listening()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert await link.listen() == port
        async with connected(link) as again:
            await there_and_back(again)

    with_link(test)


def test_a_listener_gets_each_byte_both_ways_and_both_ends() -> None:
    passed: list[tuple[Any, ...]] = []
    both_ended = asyncio.Event()

    def listen(*what: Any) -> None:
        passed.append(what)
        if len(passed) == 4:
            both_ended.set()

    async def run() -> None:
        async with linked(listener=listen) as link:
            async with connected(link) as ends:
                await there_and_back(ends, b"abc")
            await asyncio.wait_for(both_ended.wait(), 5)

    asyncio.run(run())
    assert passed[:2] == [(1, "up", b"abc"), (1, "down", b"abc")]
    assert {way for _, way, data in passed if not data} == {"up", "down"}


def test_a_server_that_is_gone_closes_the_connection() -> None:
    async def run() -> None:
        async with linked() as link:
            gone = await asyncio.start_server(echo, "127.0.0.1", 0)
            port = gone.sockets[0].getsockname()[1]
            gone.close()
            await gone.wait_closed()
            lost = Link(port)
            await lost.listen()
            async with connected(lost) as ends:
                assert await asyncio.wait_for(ends[0].read(1), 5) == b""
            await lost.close()
            assert link.port != lost.port

    asyncio.run(run())


def test_a_page_has_a_link_a_transport_and_controls_each() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            controls = await lab.socket("/chaos?links=short-polling,long-polling")
            ports = (await next_json(controls))["ports"]
            assert set(ports) == {"short-polling", "long-polling"}
            through = replace(lab, port=ports["short-polling"])
            assert (await through.get("/rooms/lobby/short-polling")).status == 200
            await controls.write_message(json.dumps({"link": "short-polling", "latency_ms": 2000}))
            await controls.write_message(json.dumps({"do": "shout"}))
            assert "“do”" in (await next_json(controls))["error"], "and by now the latency is set"
            beside = replace(lab, port=ports["long-polling"])
            delayed = asyncio.ensure_future(through.get("/healthz"))
            assert (await beside.get("/healthz")).status == 200
            assert not delayed.done(), "four seconds there and back, on this link alone"
            assert (await delayed).status == 200

    asyncio.run(run())


def test_a_page_is_sent_the_bytes_that_it_sent_and_received() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            controls = await lab.socket("/chaos?links=all&record=1")
            port = (await next_json(controls))["ports"]["all"]
            through = replace(lab, port=port)
            before = lab.chat.traffic.received
            await through.get("/rooms/lobby/short-polling?client=mine")
            up = await next_json(controls)
            sent = b64decode(up["bytes"])
            assert sent.startswith(b"GET /rooms/lobby/short-polling?client=mine HTTP/1.1\r\n")
            assert len(sent) == lab.chat.traffic.received - before, "as the server counts them"
            assert b64decode((await next_json(controls))["bytes"]).startswith(b"HTTP/1.1 200 OK")

    asyncio.run(run())


@pytest.mark.parametrize(("store", "kept"), [("memory", False), ("sqlite", True)])
def test_a_disposable_server_restarts_on_its_port_with_what_its_store_kept(
    store: str, kept: bool
) -> None:
    async def run() -> None:
        server = DisposableServer(store, "http://127.0.0.1:1")
        try:
            lab = LaboratoryServer(None, await server.start())  # type: ignore[arg-type]
            acked = json.loads((await lab.say("lobby")).body)
            await server.stop()
            assert await server.start() == lab.port
            batch = json.loads(
                (await lab.get(f"/rooms/lobby/short-polling?cursor={acked['cursor']}")).body
            )
            assert batch["gap"] is not kept
        finally:
            await server.close()

    asyncio.run(run())
