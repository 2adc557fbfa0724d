"""A client that leaves by a reset, at any moment of any page, file or experiment, is no error of the server."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.support.http import Connection, ask
from tests.support.in_process_server import Errors
from tests.support.laboratory import laboratory_server, next_json
from tests.support.waiting import until

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ASKED = [
    ("GET", "/", {}),
    ("GET", "/chapters/04", {}),
    ("GET", "/source/transports/room.py", {}),
    ("GET", "/source/", {}),
    ("GET", "/results", {}),
    ("GET", "/results/progress", {}),
    ("GET", "/static/img/compare.png", {}),
    ("GET", "/static/js/chat/chat.js", {}),
    ("GET", "/nowhere", {"Accept": "text/html"}),
    ("GET", "/echo", {}),
    ("GET", "/bets", {}),
    ("GET", "/slow/in-a-thread?steps=20000", {}),
    ("GET", "/slow/on-the-loop?steps=20000", {}),
    ("GET", "/rooms/lobby/batching?wait=0.01", {}),
    ("GET", "/rooms/lobby/cursorless?wait=0.01", {}),
    ("GET", "/xray", UPGRADE),
    ("GET", "/chaos?links=a,b&record=1", UPGRADE),
]


@pytest.fixture
def errors() -> AsyncIterator[Errors]:
    found = Errors()
    logging.getLogger().addHandler(found)
    yield found
    logging.getLogger().removeHandler(found)


@pytest.mark.parametrize(("method", "path", "headers"), ASKED, ids=lambda one: str(one)[:40])
async def test_a_reset_during_an_answer_is_no_error(
    method: str, path: str, headers: dict[str, str], errors: Errors, tmp_path: Path
) -> None:
    async with laboratory_server(tmp_path) as site:
        for turns in range(12):  # of the loop, before the client leaves: each meets another moment
            connection = await Connection.open(site.url)
            await connection.send(method, path, headers=headers)
            for _ in range(turns):
                await asyncio.sleep(0)
            connection.abort()
        assert (await ask(site.url, "/healthz")).status == 200
        await until(lambda: len(site.chat.connections.in_progress) == 0)
    assert errors.take() == []


async def test_a_run_whose_page_has_left_before_it_began_ends(
    errors: Errors, tmp_path: Path
) -> None:
    body = json.dumps({"pollers": 1, "seconds": 60}).encode()
    others = set(psutil.Process().children())  # of tests that ran before in this process
    async with laboratory_server(tmp_path) as site:
        for turns in range(0, 40, 4):
            connection = await Connection.open(site.url)
            await connection.send("POST", "/runs/herd", body)
            for _ in range(turns):
                await asyncio.sleep(0)
            connection.abort()
            await until(lambda: not site.chat.connections.in_progress)
        await until(lambda: set(psutil.Process().children()) <= others)  # none runs on
    assert errors.take() == []


async def test_a_page_that_leaves_while_its_links_are_opened_leaves_no_port_open(
    errors: Errors, tmp_path: Path
) -> None:
    async with laboratory_server(tmp_path) as site:
        connection = await Connection.open(site.url)
        await connection.send("GET", "/chaos?links=a&server=memory", headers=UPGRADE)
        await connection.head()
        connection.abort()  # the disposable server takes its time to start
        await until(lambda: not site.chat.connections.in_progress)
        socket = await site.socket("/chaos?links=a")
        assert (await next_json(socket))["ports"]
    assert errors.take() == []
