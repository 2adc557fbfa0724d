"""The fixtures of all tests. pytest-asyncio runs each `async def` test, and its fixtures, on an event loop of its own.

`server`   a chat in this process, with the memory store, on a free port
`serve`    the same with settings of your own: `await serve(history=10, store=f"sqlite:{file}")`
`process`  `python -m tutorial` on a free port: `process("--store=memory")`
`errors`   what was logged as an error; a test that leaves something in it fails
`redis`    a real Redis, empty, to be left running; `own_redis` may be killed, and started again

`-m soak --seconds=600 --seed=7` runs the soak: see deployment/test_soak.py.
`--transport-module=FILE` runs the conformance suite for a transport of your own: see test_conformance.py.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import in_process_server, server_process
from tests.support.in_process_server import Errors, InProcessServer
from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerProcess

Serve = Callable[..., Awaitable[InProcessServer]]
StartProcess = Callable[..., ServerProcess]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--transport-module",
        type=Path,
        help="a file whose TRANSPORTS the conformance suite is run for",
    )
    parser.addoption("--url", help="judge the server at this address, in any language")
    parser.addoption(
        "--serve", help="judge the server that this command starts: see conformance.py"
    )
    parser.addoption("--seeds", type=int, default=1, help="how often real clients are cut off")
    parser.addoption("--transports", help="the transports that it serves, separated by commas")
    parser.addoption("--seconds", default=60, type=float, help="how long a soak lasts (-m soak)")
    parser.addoption("--seed", type=int, help="repeats what a soak does at random")


@pytest.fixture
def errors() -> Iterator[Errors]:
    """What is logged as an error or with a traceback during a test. It must be empty, or emptied, at its end."""
    collected = Errors()
    logging.getLogger().addHandler(collected)
    yield collected
    logging.getLogger().removeHandler(collected)
    assert collected.take() == []


@pytest.fixture
async def serve(errors: Errors) -> AsyncIterator[Serve]:
    """Start a server in this process, with settings of your own; at the end nothing may be held in it."""
    started: list[InProcessServer] = []

    async def start(**settings: Any) -> InProcessServer:
        started.append(await in_process_server.start(**settings))
        return started[-1]

    yield start
    for server in started:
        await server.stop()
        assert server.held == 0


@pytest.fixture
async def server(serve: Serve) -> InProcessServer:
    """A server in this process."""
    return await serve()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[StartProcess]:
    """Start `python -m tutorial` with options of your own; its log must be free of tracebacks."""
    started: list[ServerProcess] = []
    log = tmp_path / "stderr"

    def start(
        *options: str, folder: Path = server_process.ROOT, **environment: str
    ) -> ServerProcess:
        started.append(server_process.start(*options, stderr=log, folder=folder, **environment))
        return started[-1]

    yield start
    for one in started:
        server_process.stop(one)
    assert "Traceback" not in (log.read_text() if log.exists() else "")


@pytest.fixture(scope="session")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis(running_redis: RedisServer) -> RedisServer:
    """A Redis that is empty, and that other tests use after this one."""
    running_redis.client.flushall()
    return running_redis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that may be killed and started again."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    yield server
    server.kill()
