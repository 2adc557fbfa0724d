"""Looking inside: what the server says of itself is so."""

from __future__ import annotations

import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.clients import joined
from tests.support.http import ask, connected
from tests.support.in_process_server import InProcessServer
from tests.support.waiting import until
from transports.app import TRANSPORTS

NUMBERS = {"held", "websockets", "loop_lag_ms", "rss_bytes", "cpu_seconds", "uptime_seconds"} | {
    "messages", "connections", "bytes_received", "bytes_sent",
}  # fmt: skip


async def inspect(server: InProcessServer) -> dict[str, Any]:
    answer = await ask(server.url, "/inspect")
    assert answer.status == 200
    report: dict[str, Any] = answer.json
    return report


async def test_inspect_has_the_contracts_members_and_their_types(server: InProcessServer) -> None:
    seen = await inspect(server)
    assert set(seen) >= NUMBERS | {"rooms", "requests", "transports"}
    assert all(isinstance(seen[name], int | float) for name in NUMBERS)
    assert seen["transports"] == list(TRANSPORTS)
    assert 10_000_000 < seen["rss_bytes"] < 1_000_000_000
    assert seen["loop_lag_ms"] >= 0


async def test_held_counts_the_requests_that_are_held_at_this_moment_in_all_rooms(
    server: InProcessServer,
) -> None:
    async with connected(server.url) as one, connected(server.url) as other:
        await one.send("GET", "/rooms/a/long-polling?cursor=now")
        await other.send("GET", "/rooms/b/long-polling?cursor=now")
        await until(lambda: server.held == 2)
        assert (await inspect(server))["held"] == 2
    await until(lambda: server.held == 0)
    assert (await inspect(server))["held"] == 0


async def test_rooms_tell_their_newest_message_what_is_retained_and_who_reads(
    server: InProcessServer,
) -> None:
    async with (
        joined(server.url, "websocket") as one,
        joined(server.url, "websocket"),
        connected(server.url) as poller,
    ):
        await poller.send("GET", "/rooms/lobby/long-polling?cursor=now")
        await until(lambda: server.held == 1)
        await until(lambda: len(server.chat.connections.lasting) == 2)
        seen = await inspect(server)
        assert seen["rooms"] == {"lobby": {"newest": 0, "retained": 0, "readers": 3}}
        assert seen["websockets"] == 2
        await one.post("hi", key="k")
        assert (await one.post("hi", key="k"))["duplicate"]
        await poller.response()
        seen = await inspect(server)
    assert seen["rooms"] == {"lobby": {"newest": 1, "retained": 1, "readers": 2}}
    assert seen["messages"] == 1


async def test_bytes_are_those_that_tcp_carried(server: InProcessServer) -> None:
    traffic = server.chat.traffic
    async with connected(server.url) as connection:
        request = f"GET /rooms/lobby/short-polling HTTP/1.1\r\nHost: {connection.host}\r\n\r\n"
        connection.writer.write(request.encode())
        head = await connection.reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await connection.reader.readexactly(size)
        counted = (len(request), len(head) + size)
        assert (traffic.received, traffic.sent) == counted
    await until(lambda: not traffic.open)
    assert (traffic.received, traffic.sent) == counted  # after the connection has gone, too


async def test_what_a_websocket_is_sent_is_counted_too(server: InProcessServer) -> None:
    async with joined(server.url, "websocket", cursor="now") as client:
        await client.receive()
        before = server.chat.traffic.sent
        await client.post("x" * 1000)
        batch = await client.receive()
        assert server.chat.traffic.sent - before >= len(batch.raw) + 4


async def test_connections_are_those_that_are_open(server: InProcessServer) -> None:
    async with connected(server.url), connected(server.url):
        await until(lambda: len(server.chat.traffic.open) == 2)
        assert (await inspect(server))["connections"] == 3
    await until(lambda: not server.chat.traffic.open)


async def test_requests_are_counted_by_transport(server: InProcessServer) -> None:
    async with connected(server.url) as connection:
        for transport in ("short-polling", "short-polling", "long-polling"):
            await connection.ask("GET", f"/rooms/lobby/{transport}?wait=0")
    assert (await inspect(server))["requests"] == {
        "short-polling": 2, "long-polling": 1, "inspect": 1,
    }  # fmt: skip


async def test_a_stalled_loop_is_seen(server: InProcessServer) -> None:
    time.sleep(0.25)  # noqa: ASYNC251 (the stall itself)
    assert (await inspect(server))["loop_lag_ms"] >= 100


async def test_metrics_are_prometheus_text_with_the_same_numbers(server: InProcessServer) -> None:
    async with joined(server.url, "websocket") as client:
        await client.post("hi")
        answer = await ask(server.url, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {f.name: f for f in text_string_to_metric_families(answer.body.decode())}
    assert {f"chat_{name}" for name in NUMBERS} <= set(families)
    assert families["chat_messages"].samples[0].value == 1
    assert families["chat_websockets"].samples[0].value == 1
    counted = {s.labels["transport"]: s.value for s in families["chat_requests"].samples}
    assert counted["websocket"] == 1


async def test_healthz_says_ok(server: InProcessServer) -> None:
    answer = await ask(server.url, "/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/inspect", "/metrics", "/healthz"])
async def test_what_is_seen_is_never_cached(server: InProcessServer, path: str) -> None:
    answer = await ask(server.url, path)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
