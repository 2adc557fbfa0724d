"""What all tests may ask for. A test that is `async def` runs on the event loop of its fixtures.

`server`   a chat in this process, with the memory store, on a free port
`serve`    the same with settings of your own: `await serve(history=10, store=f"sqlite:{file}")`
`process`  `python -m tutorial` on a free port: `process("--store=memory")`
`errors`   what was logged as an error; a test that leaves something in it fails
`redis`    a real Redis, empty, to be left running; `own_redis` may be killed, and started again

`--transport-module=FILE` runs the conformance suite for a transport of your own: see test_conformance.py.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import in_process_server as running
from tests.support import server_process as serving
from tests.support.in_process_server import Errors, Running
from tests.support.redis_server import RedisServer
from tests.support.server_process import Serving

Serve = Callable[..., Awaitable[Running]]
StartProcess = Callable[..., Serving]

TEST_SECONDS = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--transport-module",
        type=Path,
        help="a file whose TRANSPORTS the conformance suite is run for",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.fixturenames.insert(0, "runner")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test on its fixtures' loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
    pyfuncitem.funcargs["runner"].run(
        asyncio.wait_for(pyfuncitem.function(**arguments), TEST_SECONDS)
    )
    return True


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop that lasts as long as the test."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def errors() -> Iterator[Errors]:
    """What is logged as an error or with a traceback meanwhile. It must be empty, or emptied, in the end."""
    collected = Errors()
    logging.getLogger().addHandler(collected)
    yield collected
    logging.getLogger().removeHandler(collected)
    assert collected.take() == []


@pytest.fixture
def serve(runner: asyncio.Runner, errors: Errors) -> Iterator[Serve]:
    """Start a server in this process, with settings of your own; afterwards nothing may be held in it."""
    started: list[Running] = []

    async def start(**settings: Any) -> Running:
        started.append(await running.start(**settings))
        return started[-1]

    yield start
    for server in started:
        runner.run(server.stop())
        assert server.held == 0


@pytest.fixture
def server(runner: asyncio.Runner, serve: Serve) -> Running:
    """A server in this process."""
    return runner.run(serve())


@pytest.fixture
def process(tmp_path: Path) -> Iterator[StartProcess]:
    """Start `python -m tutorial` with options of your own; its log must be free of tracebacks."""
    started: list[Serving] = []
    log = tmp_path / "stderr"

    def start(*options: str, **environment: str) -> Serving:
        started.append(serving.start(*options, stderr=log, **environment))
        return started[-1]

    yield start
    for one in started:
        serving.stop(one)
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
