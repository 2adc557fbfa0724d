"""An ack is a promise: a process that is killed without warning loses no acknowledged message and no cursor."""

from __future__ import annotations

import asyncio
import random
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException

from tests.conftest import StartProcess
from tests.support.clients import Reader, Refused, joined
from tests.support.http import ask

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits of another process are Linux’s"
)


async def write_until_it_dies(url: str, author: str, transport: str) -> list[dict[str, Any]]:
    """Post with keys, as fast as it goes; give what was acknowledged before the server was gone."""
    acks: list[dict[str, Any]] = []
    try:
        async with joined(url, transport, cursor="now") as client:
            while True:
                ack = await client.post(
                    f"{author} {len(acks)}", author=author, key=f"{author}-{len(acks)}"
                )
                acks.append(ack)
    except (OSError, EOFError, WebSocketException):
        return acks


@pytest.mark.parametrize("seed", range(2))
async def test_kill_9_loses_no_acknowledged_message_and_no_cursor(
    process: StartProcess, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    place = f"--store=sqlite:{tmp_path}/chat.db"
    one = process(place)
    seen = Reader()
    async with joined(one.url, "websocket", cursor="now") as reader:
        seen.take(await reader.receive())
        transports = ["short-polling", "websocket"] * 3
        writing = [
            asyncio.ensure_future(write_until_it_dies(one.url, f"author{n}", transport))
            for n, transport in enumerate(transports)
        ]
        enough = chance.randrange(40, 200)
        await seen.read(reader, lambda reader: len(reader.view) >= enough)
        one.process.send_signal(signal.SIGKILL)
        acks = await asyncio.gather(*writing)
        cursor = reader.cursor
    two = process(place)
    async with joined(two.url, "long-polling", cursor=cursor) as reader:
        await reader.post("the end", key="the end")
        await seen.read(reader, lambda reader: reader.view[-1]["text"] == "the end")
        acknowledged = {ack["key"]: ack["id"] for each in acks for ack in each}
        kept = {message["key"]: message["id"] for message in seen.view}
        assert len(acknowledged) >= 30
        assert acknowledged.items() <= kept.items()
        assert (seen.exact, seen.gaps, seen.ids) == (True, 0, list(range(1, len(seen.ids) + 1)))
        for key, id in acknowledged.items():
            again = await reader.post("again", key=key)
            assert (again["id"], again["duplicate"]) == (id, True)


async def test_a_reader_resumes_from_its_cursor_after_a_gentle_restart_too(
    process: StartProcess, tmp_path: Path
) -> None:
    place = f"--store=sqlite:{tmp_path}/chat.db"
    one = process(place)
    async with joined(one.url, "short-polling") as client:
        first = await client.post("one")
        await client.post("two")
    one.process.terminate()
    assert one.process.wait(5) == 0
    two = process(place)
    async with joined(two.url, "websocket", cursor=first["cursor"]) as client:
        batch = await client.receive()
    assert (batch.gap, batch.texts) == (False, ["two"])


async def test_a_file_that_may_not_grow_is_503_and_loses_nothing_that_was_acknowledged(
    process: StartProcess, tmp_path: Path
) -> None:
    place = f"--store=sqlite:{tmp_path}/chat.db"
    one = process(place)
    pid = one.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    kept = 0
    async with joined(one.url, "short-polling") as author:
        await author.post("first")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (150_000, most))
        for _ in range(200):
            try:
                kept = (await author.post("x" * 2000))["id"]
            except Refused as refusal:
                refused = refusal
                break
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert (await ask(one.url, "/healthz")).status == 503
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        assert (await ask(one.url, "/healthz")).status == 200
        assert (await author.post("last"))["id"] == kept + 1
    one.process.kill()
    one.process.wait()
    two = process(place)
    async with joined(two.url, "short-polling") as reader:
        batch = await reader.receive()
    assert batch.ids[-1] == kept + 1
    assert batch.texts[-1] == "last"
