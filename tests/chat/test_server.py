"""The server from its first connection to its last: how it starts, what it refuses to start with, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import Serve, StartProcess
from tests.support.clients import joined
from tests.support.http import Connection, ask, connected
from tests.support.in_process_server import GatedStore, InProcessServer
from tests.support.server_process import ROOT, ServerProcess
from tests.support.waiting import PATIENCE_SECONDS, until
from transports.app import TRANSPORTS
from transports.connections import DRAIN_SECONDS
from transports.handler import ASKED_LATER, Handler, RoomHandler
from transports.parameters import HOLD_SECONDS
from transports.stream import CountedStream
from tutorial.__main__ import main, make_parser
from tutorial.options import Options

MESSAGES = "/rooms/lobby/messages"
BODY = b'{"author": "ann", "text": "hi"}'

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyBvaw==",
}


@pytest.mark.parametrize("transport", ["long-polling", "websocket", "server-sent-events"])
async def test_a_reader_that_stays_keeps_only_the_headers_that_are_asked_later(
    server: InProcessServer, transport: str
) -> None:
    async with connected(server.url) as connection:
        sent = (HANDSHAKE if transport == "websocket" else {}) | {"Cookie": "c" * 1000}
        await connection.send("GET", f"/rooms/lobby/{transport}?cursor=now", headers=sent)
        await until(lambda: [room.readers for room in server.chat.rooms] == [1])
        [here] = server.chat.connections.in_progress | server.chat.connections.lasting
        assert isinstance(here, RoomHandler)
        connection_headers = cast(Any, here.request.connection)._request_headers
        for headers in (here.request.headers, connection_headers):
            assert set(headers) <= set(ASKED_LATER)


@pytest.mark.parametrize("transport", list(TRANSPORTS))
async def test_a_connection_leaves_no_circle_for_the_garbage_collector(
    server: InProcessServer, transport: str
) -> None:
    async def come_and_leave() -> None:
        before = len(server.chat.traffic.open)
        async with connected(server.url) as connection:
            headers = HANDSHAKE if transport == "websocket" else {}
            await connection.send("GET", f"/rooms/lobby/{transport}?wait=0.001", headers=headers)
            assert await connection.reader.readuntil(b"}")  # of the first batch
        await until(lambda: len(server.chat.traffic.open) == before)

    await come_and_leave()  # what happens once
    gc.collect()
    await come_and_leave()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        left = [one for one in gc.garbage if isinstance(one, (Handler, CountedStream))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert left == []


# Draining


async def test_held_requests_are_answered_with_an_empty_batch_and_connection_close(
    server: InProcessServer,
) -> None:
    async with connected(server.url) as one, connected(server.url) as other:
        await one.send("GET", "/rooms/a/long-polling?cursor=now")
        await other.send("GET", "/rooms/b/long-polling?cursor=now")
        await until(lambda: server.held == 2)
        began = time.monotonic()
        await server.stop()
        assert time.monotonic() - began < HOLD_SECONDS * 0.9, "no hold was waited out"
        for connection in (one, other):
            answer = await connection.response()
            assert answer.status == 200
            assert (answer.json["messages"], answer.json["gap"]) == ([], False)
            assert answer.headers["connection"] == "close"
            assert await connection.ended() == b""


async def test_websockets_are_closed_1012(server: InProcessServer) -> None:
    async with (
        joined(server.url, "websocket") as one,
        joined(server.url, "websocket", room="b") as two,
    ):
        await one.receive()
        await two.receive()
        await server.stop()
        assert (await one.closed())[0] == (await two.closed())[0] == 1012


async def test_a_websocket_that_answers_no_good_bye_does_not_keep_the_server(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.connections.DRAIN_SECONDS", 0.2)
    async with connected(server.url) as silent:
        await silent.send("GET", "/rooms/lobby/websocket", headers=HANDSHAKE)
        await silent.head()
        await until(lambda: server.chat.connections.lasting)
        await server.stop()


async def test_what_asks_while_the_server_drains_is_503_with_retry_after(serve: Serve) -> None:
    store = GatedStore()
    store.reading.set()
    server = await serve(store=store)
    async with connected(server.url) as posts, connected(server.url) as asks:
        await posts.send("POST", MESSAGES, BODY)
        await until(lambda: store.calls == 2)
        assert (await asks.ask("GET", "/healthz")).status == 200
        stopping = asyncio.ensure_future(server.stop())
        await until(lambda: server.chat.draining)
        answer = await asks.ask("GET", "/healthz")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["connection"] == "close"
        store.appending.set()
        await stopping
        answer = await posts.response()  # what was begun is finished
        assert (answer.status, answer.headers["connection"]) == (201, "close")


async def test_while_draining_nobody_new_is_let_in(serve: Serve) -> None:
    store = GatedStore()
    store.reading.set()
    server = await serve(store=store)
    async with connected(server.url) as posts:
        await posts.send("POST", MESSAGES, BODY)
        await until(lambda: store.calls == 2)
        stopping = asyncio.ensure_future(server.stop())
        await until(lambda: server.chat.draining)
        await closes_its_door(server.url)
        store.appending.set()
        await stopping


@pytest.mark.parametrize("transport", [*TRANSPORTS, "messages"])
async def test_while_draining_every_address_says_503(serve: Serve, transport: str) -> None:
    server = await serve()
    server.chat.draining = True
    method = "POST" if transport == "messages" else "GET"
    headers = HANDSHAKE if transport == "websocket" else {}
    body = BODY if method == "POST" else None
    answer = await ask(server.url, f"/rooms/lobby/{transport}", method, body, headers)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.json["status"] == 503
    assert not list(server.chat.rooms) or not (await server.room()).cursor.id


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_who_is_on_the_way_in_when_the_server_drains_is_503_and_never_held(
    serve: Serve, transport: str
) -> None:
    store = GatedStore()
    server = await serve(store=store)
    async with connected(server.url) as connection:
        path = f"/rooms/lobby/{transport}?cursor=now"
        await connection.send("GET", path, headers=HANDSHAKE)
        await until(lambda: store.calls)
        stopping = asyncio.ensure_future(server.stop())
        await until(lambda: server.chat.draining)
        store.reading.set()
        answer = await connection.response()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        await stopping


# Ending, as a process


async def inside(url: str) -> list[str]:
    """Name those who wait in the server: its held requests, sockets and event streams."""
    report = (await ask(url, "/inspect")).json
    return [name for name in ("held", "websockets", "event_streams") for _ in range(report[name])]


async def everyone_there(url: str) -> list[asyncio.Task[int]]:
    """A held request, an open WebSocket and an event stream; give how each of them ends."""

    async def hold() -> int:
        async with connected(url) as connection:
            await connection.send("GET", "/rooms/quiet/long-polling?cursor=now")
            return (await connection.response()).status

    async def follow() -> int:
        async with joined(url, "websocket") as client:
            await client.receive()
            code: int = (await client.closed())[0]
            return code

    async def stream() -> int:
        async with connected(url) as connection:
            await connection.send("GET", "/rooms/lobby/server-sent-events")
            assert (await connection.ended()).endswith(b"0\r\n\r\n")  # whole, not cut off
            return 0

    everyone = [asyncio.ensure_future(way()) for way in (hold, follow, stream)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await inside(url)) < len(everyone):
            assert not [one for one in everyone if one.done()]
    return everyone


async def closes_its_door(url: str) -> None:
    """Wait until nobody new can connect."""
    with suppress(ConnectionRefusedError, ConnectionResetError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with connected(url):
                    await asyncio.sleep(0)


async def ended(server: ServerProcess) -> int:
    """Wait for a process to end, and return its status."""
    return await asyncio.to_thread(server.process.wait, PATIENCE_SECONDS)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_sigterm_and_ctrl_c_drain_and_end_with_status_0(
    process: StartProcess, tmp_path: Path, sent: signal.Signals, store: str
) -> None:
    server = process(f"--store={'memory' if store == 'memory' else f'sqlite:{tmp_path}/chat.db'}")
    everyone = await everyone_there(server.url)
    server.process.send_signal(sent)
    assert await ended(server) == 0
    assert await asyncio.gather(*everyone) == [200, 1012, 0]


async def test_a_client_that_will_not_go_does_not_keep_the_process_longer_than_5_s(
    process: StartProcess,
) -> None:
    server = process("--store=memory")
    async with connected(server.url) as silent:
        await silent.send("GET", "/rooms/lobby/websocket", headers=HANDSHAKE)
        await silent.head()
        server.process.terminate()
        assert await ended(server) == 0
    assert DRAIN_SECONDS < 5


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_ctrl_c_ends_the_process_at_once(
    process: StartProcess, sent: signal.Signals
) -> None:
    server = process("--store=memory")
    async with connected(server.url) as silent:
        await silent.send("GET", "/rooms/lobby/websocket", headers=HANDSHAKE)
        await silent.head()
        server.process.send_signal(sent)
        await closes_its_door(server.url)
        server.process.send_signal(sent)
        assert await ended(server) == -sent  # by the signal: who drains ends with 0


# Starting


def command(*options: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "tutorial", *options],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def spoil_with_text(file: Path) -> None:
    file.write_text("Dear diary, " * 1000)


def spoil_with_tables(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE notes (body TEXT)")


def spoil_with_a_folder(file: Path) -> None:
    file.mkdir()


BAD_FILES: dict[str, Callable[[Path], None]] = {
    "no database": spoil_with_text,
    "another program's": spoil_with_tables,
    "a folder": spoil_with_a_folder,
}
BAD_OPTIONS = [
    ["--port=70000"], ["--port=-1"], ["--port=x"], ["--port"], ["--prot=1"], ["--history=0"], ["--history=1.5"],
    ["--hold=0"], ["--hold=56"], ["--hold=nan"], ["--rate-limit=-1"], ["--rate-limit=x"], ["--rate-limit=inf"],
    ["--store=mysql:x"], ["--store=sqlite:"], ["--store="], ["--store=sqlite:nowhere/at/all/chat.db"],
    ["--address=256.1.1.1"], ["--address=nowhere.invalid"], ["--address=a..b"], [f"--address={'a' * 64}.invalid"],
    ["--trusted-origin=friend.example"], ["--trusted-origin=https://friend.example/"], ["--trusted-origin=null"],
    ["--trusted-origin="], ["--trusted-origin=*"], ["--trusted-proxy=x"], ["nonsense"], ["--p=1"],
]  # fmt: skip


def assert_one_sentence(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert re.fullmatch(r"python -m tutorial: [^\n]+\n", result.stderr), result.stderr


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=" ".join)
def test_what_it_cannot_start_with_is_one_sentence_and_status_2(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--port=0", "--store=memory", *options])
    result = capsys.readouterr()
    assert (status, result.out) == (2, "")
    assert re.fullmatch(r"python -m tutorial: [^\n]+\n", result.err), result.err


@pytest.mark.parametrize("bad", ["--port=70000", "--address=192.0.2.1"])
def test_a_process_with_a_bad_option_ends_without_a_traceback(tmp_path: Path, bad: str) -> None:
    assert_one_sentence(command("--port=0", bad, cwd=tmp_path))


@pytest.mark.parametrize("spoil", BAD_FILES.values(), ids=BAD_FILES)
def test_a_store_that_is_none_is_one_sentence_and_status_2(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path / "chat.db")
    result = command("--port=0", cwd=tmp_path)
    assert_one_sentence(result)
    assert "chat.db" in result.stderr


def test_a_store_that_another_process_uses_is_one_sentence_and_status_2(
    process: StartProcess, tmp_path: Path
) -> None:
    process(f"--store=sqlite:{tmp_path}/chat.db")
    result = command("--port=0", cwd=tmp_path)
    assert_one_sentence(result)
    assert "another process" in result.stderr


def test_a_taken_port_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = command(f"--port={port}", cwd=tmp_path)
    assert_one_sentence(result)
    assert f":{port}" in result.stderr


def test_what_is_installed_without_its_checkout_says_so(tmp_path: Path) -> None:
    for package in ("transports", "tutorial", "loadtests"):
        shutil.copytree(ROOT / package, tmp_path / package)
    result = command("--port=0", "--store=memory", cwd=tmp_path, PYTHONPATH="")
    assert_one_sentence(result)
    assert "pip install -e ." in result.stderr


def test_it_prints_the_address_to_open(process: StartProcess) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", process("--store=memory").url)


@pytest.mark.parametrize(
    ("address", "opened"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]")],
)
def test_an_address_can_be_opened_as_it_is_printed(address: str, opened: str) -> None:
    assert Options(address=address).url(8888) == f"http://{opened}:8888/"


async def test_help_names_every_option(tmp_path: Path) -> None:
    result = command("--help", cwd=tmp_path)
    assert result.returncode == 0
    for option in (
        "port", "address", "store", "history", "hold", "rate-limit", "publish-key", "trusted-origin", "debug",
    ):  # fmt: skip
        assert f"--{option}" in result.stdout


async def test_options_reach_the_chat(process: StartProcess, tmp_path: Path) -> None:
    server = process(
        f"--store=sqlite:{tmp_path}/other.db",
        "--history=1",
        "--hold=1",
        "--rate-limit=0.01",
        "--trusted-origin=https://one.example",
        "--trusted-origin=https://two.example",
        "--debug",
        CHAT_PUBLISH_KEY="from the environment",
    )
    for site in ("https://one.example", "https://two.example"):
        answer = await ask(server.url, "/rooms/lobby/short-polling", headers={"Origin": site})
        assert answer.headers["access-control-allow-origin"] == site
    statuses = [(await ask(server.url, MESSAGES, "POST", BODY)).status for _ in range(2)]
    assert statuses == [201, 429]
    headers = {"Authorization": "Bearer from the environment"}
    body = json.dumps({"room": "lobby", "author": "shop", "text": "hi"}).encode()
    assert (await ask(server.url, "/publish", "POST", body, headers)).status == 201
    assert len((await ask(server.url, "/rooms/lobby/short-polling")).json["messages"]) == 1
    answer = await ask(server.url, "/rooms/lobby/long-polling?cursor=now")
    assert 900 <= float(answer.headers["server-timing"].partition("dur=")[2]) < 3000
    assert (tmp_path / "other.db").exists()


async def test_by_default_who_writes_too_much_is_stopped_after_a_burst_of_40(
    process: StartProcess,
) -> None:
    server = process("--store=memory", "--rate-limit=20")
    allowed = 0
    async with connected(server.url) as connection:
        while (await connection.ask("POST", MESSAGES, BODY)).status == 201:
            allowed += 1
    assert allowed >= 40


def test_the_defaults_are_as_the_help_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHAT_STORE", "CHAT_PUBLISH_KEY", "CHAT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    options = make_parser().parse_args([])
    assert (options.port, options.address, options.store) == (8888, "127.0.0.1", "sqlite:chat.db")
    assert (options.history, options.hold, options.rate_limit) == (1000, 25.0, 20.0)
    assert (options.publish_key, options.trusted_origin, options.debug) == (None, [], False)


# Out of descriptors


async def test_out_of_descriptors_it_accepts_less_says_so_once_and_recovers(
    tmp_path: Path,
) -> None:
    log = tmp_path / "stderr"
    limited = f"ulimit -n 64; exec {sys.executable} -m tutorial --port=0 --store=memory"
    with log.open("w") as stderr:
        server = subprocess.Popen(  # noqa: ASYNC220
            ["sh", "-c", limited], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        assert server.stdout is not None
        [url] = re.findall(r"http://[\d.:]+", server.stdout.readline())
        watcher = await Connection.open(url)
        polls = [await Connection.open(url) for _ in range(90)]
        for poll in polls:
            await poll.send("GET", "/rooms/lobby/long-polling?cursor=now")
        seen = (await watcher.ask("GET", "/inspect")).json
        began = seen["cpu_seconds"], seen["uptime_seconds"]
        while seen["uptime_seconds"] < began[1] + 1:
            await asyncio.sleep(0.2)
            seen = (await watcher.ask("GET", "/inspect")).json
        busy = (seen["cpu_seconds"] - began[0]) / (seen["uptime_seconds"] - began[1])
        assert busy < 0.5
        assert seen["held"] > 0
        for path in ("/", "/wire", "/static/css/base.css", "/static/js/chat/chat.js"):
            assert (await watcher.ask("GET", path)).status == 200  # who is in is served
        assert (await watcher.ask("GET", "/", headers={"X": "x" * 20_000})).status == 431
        for poll in polls:
            await poll.close()
        assert (await ask(url, "/healthz")).status == 200
        await watcher.close()
    finally:
        server.terminate()
        output, _ = server.communicate(timeout=10)
    assert (server.returncode, output) == (0, "")
    said = log.read_text()
    assert said.count("no connection can be accepted") == 1
    assert "Traceback" not in said
