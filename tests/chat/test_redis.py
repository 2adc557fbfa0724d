"""Real processes on one Redis, real clients, and what happens to all of them."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from tests.conftest import StartProcess
from tests.support import server_process
from tests.support.clients import CLIENTS, Reader, Refused, joined
from tests.support.http import Connection, ask, connected
from tests.support.redis_server import RedisServer
from tests.support.server_process import ROOT, ServerProcess, startup_error

WRITERS, MESSAGES_EACH, READERS = 4, 150, 6
SENT_TWICE = 0.2
FAILURES = (OSError, EOFError, WebSocketException, Refused)


class World:
    """Two servers on one Redis, either of which may be gone at any moment."""

    def __init__(self, redis: RedisServer, log: Path) -> None:
        self.redis = redis
        self._log = log
        self.servers = [self._start(), self._start()]
        self.acknowledged: dict[str, int] = {}  # key -> id
        self.random = random.Random(5)

    def _start(self) -> ServerProcess:
        return server_process.start(f"--store={self.redis.url}", stderr=self._log)

    def anywhere(self) -> str:
        return self.random.choice(self.servers).url

    async def kill_one(self) -> None:
        """Kill a server as a crash would, and start another."""
        victim = self.servers.pop(0)
        with victim.process:
            victim.process.kill()
        self.servers.append(await asyncio.to_thread(self._start))

    async def restart_redis(self) -> None:
        self.redis.kill()
        await asyncio.to_thread(self.redis.start)

    async def write(self, writer: int) -> None:
        """Send every message until it is acknowledged, and one in five once more."""
        keys = [f"{writer}-{n}" for n in range(MESSAGES_EACH)]
        waiting = [
            key for key in keys for _ in range(2 if self.random.random() < SENT_TWICE else 1)
        ]
        while waiting:
            with suppress(*FAILURES):
                async with connected(self.anywhere()) as connection:
                    await self._send(connection, waiting, most=self.random.randint(1, 40))
            await asyncio.sleep(self.random.random() * 0.02)

    async def _send(self, connection: Connection, waiting: list[str], most: int) -> None:
        """Send the first that wait, one after the other, and strike out what is acknowledged."""
        for key in waiting[:most]:
            draft = json.dumps({"author": "ann", "text": key, "key": key}).encode()
            answer = await connection.ask("POST", "/rooms/lobby/messages", draft)
            if answer.status == 503:
                assert answer.headers["retry-after"] == "1"
                return
            assert self.acknowledged.setdefault(key, answer.json["id"]) == answer.json["id"]
            waiting.pop(0)

    async def read(self, reader: Reader, epoch: str) -> None:
        """Hop from transport to transport and from server to server with nothing but a cursor."""
        cursor = f"{epoch}:0"
        while len(reader.view) < WRITERS * MESSAGES_EACH:
            transport = self.random.choice(list(CLIENTS))
            try:
                async with joined(self.anywhere(), transport, cursor=cursor) as client:
                    for _ in range(self.random.randint(1, 8)):
                        reader.take(await client.receive())
                        cursor = client.cursor
                        if len(reader.view) >= WRITERS * MESSAGES_EACH:
                            return
            except FAILURES:
                await asyncio.sleep(self.random.random() * 0.05)


async def test_every_reader_is_exact_though_a_process_is_killed_and_redis_restarts(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    world = World(own_redis, tmp_path / "log")
    try:
        now = await ask(world.anywhere(), "/rooms/lobby/short-polling?cursor=now")
        epoch = now.json["cursor"].partition(":")[0]
        readers = [Reader() for _ in range(READERS)]
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(world.read(reader, epoch))
            for writer in range(WRITERS):
                group.create_task(world.write(writer))
            for share, disaster in ((1, world.kill_one), (2, world.restart_redis)):
                while len(world.acknowledged) < share * WRITERS * MESSAGES_EACH // 3:  # noqa: ASYNC110 (work to wait for, no event)
                    await asyncio.sleep(0.01)
                await disaster()
    finally:
        for server in world.servers:
            server_process.stop(server)
    by_id = {id: key for key, id in world.acknowledged.items()}
    assert sorted(by_id) == list(range(1, WRITERS * MESSAGES_EACH + 1))
    for reader in readers:
        assert (reader.exact, reader.gaps) == (True, 0)
        assert [(m["id"], m["text"]) for m in reader.view] == sorted(by_id.items())
    assert "Traceback" not in (tmp_path / "log").read_text()


async def test_while_redis_is_away_rooms_are_read_and_posts_are_refused(
    own_redis: RedisServer, process: StartProcess
) -> None:
    url = process(f"--store={own_redis.url}").url
    async with joined(url, "websocket") as listening, joined(url, "short-polling") as client:
        await listening.receive()
        await client.post("before", key="k")
        assert (await listening.receive()).texts == ["before"]
        own_redis.kill()
        while (health := await ask(url, "/healthz")).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (health.status, health.headers["retry-after"]) == (503, "1")
        assert (await client.receive()).texts == ["before"]
        for author in (client, listening):
            with pytest.raises(Refused) as refused:
                await author.post("meanwhile")
            assert refused.value.status == 503
            assert "can’t be reached" in refused.value.problem["detail"]
        own_redis.start()
        while (await ask(url, "/healthz")).status == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await client.post("before", key="k"))["duplicate"]
        await client.post("after")
        assert (await listening.receive()).texts == ["after"]


async def test_health_knows_of_a_redis_that_takes_no_writes(
    process: StartProcess, own_redis: RedisServer
) -> None:
    url = process(f"--store={own_redis.url}").url
    assert (await ask(url, "/healthz")).status == 200
    for setting, broken, mended in [("maxmemory", "1", "0"), ("min-replicas-to-write", "1", "0")]:
        own_redis.client.config_set(setting, broken)
        health = await ask(url, "/healthz")
        async with joined(url, "short-polling") as client:
            with pytest.raises(Refused) as refused:
                await client.post("not kept")
        assert (health.status, refused.value.status) == (503, 503)
        assert health.headers["retry-after"] == "1"
        own_redis.client.config_set(setting, mended)
        assert (await ask(url, "/healthz")).status == 200
    async with joined(url, "short-polling") as client:
        assert (await client.post("kept"))["id"] == 1


# What can't be started


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that wants a password."""
    server = RedisServer(tmp_path_factory.mktemp("locked"), "--requirepass", "open sesame")
    yield server
    server.kill()


def test_the_right_password_lets_us_in(locked: RedisServer) -> None:
    with server_process.running(f"--store=redis://:open%20sesame@127.0.0.1:{locked.port}/0"):
        pass


@pytest.mark.parametrize("login", ["", ":swordfish@", "ann:swordfish@"])
def test_a_wrong_password_is_refused_and_not_repeated(locked: RedisServer, login: str) -> None:
    sentence = startup_error(f"--store=redis://{login}127.0.0.1:{locked.port}/0")
    assert f"127.0.0.1:{locked.port} doesn’t let us in" in sentence
    assert "swordfish" not in sentence


@pytest.mark.parametrize(
    "store",
    [
        "redis:",
        "redis://",
        "redis:/:swordfish@127.0.0.1",
        "redis://:swordfish@127.0.0.1:port/0",
        "redis://:swordfish@127.0.0.1:6379/first",
        "redis://:sword#fish@127.0.0.1:6379/0",
        "redis://:sword/fish@127.0.0.1:6379/0",
        "redi://:swordfish@127.0.0.1:6379/0",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(store: str) -> None:
    sentence = startup_error(f"--store={store}")
    assert "say " in sentence
    assert "redis://" in sentence
    assert "fish" not in sentence


def test_a_database_that_there_is_not_is_refused(redis: RedisServer) -> None:
    assert "out of range" in startup_error(f"--store={redis.url[:-1]}99")


def test_a_redis_that_is_not_there_is_refused() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert f"{where} can’t be reached" in startup_error(f"--store=redis://{where}/0")


@contextmanager
def answering(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """Something that listens, and answers what comes."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(ConnectionResetError):  # they may hang up in mid-answer
                while heard := connection.recv(4096):
                    connection.sendall(answer(heard))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def of_version_6(heard: bytes) -> bytes:
    """Answer as an old Redis does to INFO, and OK to all else."""
    commands = heard.count(b"\r\nINFO\r\n"), heard.count(b"*")
    info = b"redis_version:6.2.14"
    return b"$%d\r\n%b\r\n" % (len(info), info) if commands[0] else b"+OK\r\n" * commands[1]


def test_a_redis_that_is_too_old_is_refused() -> None:
    with answering(of_version_6) as where:
        assert "is version 6.2.14: 7 is the oldest" in startup_error(f"--store=redis://{where}/0")


def test_what_listens_and_is_no_redis_is_refused() -> None:
    with answering(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n") as where:
        assert where in startup_error(f"--store=redis://{where}/0")


def test_what_listens_and_never_answers_is_refused() -> None:
    with answering(lambda _: b"") as where:
        assert where in startup_error(f"--store=redis://{where}/0")


WITHOUT_REDIS = """
import sys
sys.modules["redis"] = None
from tutorial.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_the_package_the_server_says_how_to_install_it() -> None:
    command = [sys.executable, "-c", WITHOUT_REDIS, "--store=redis://127.0.0.1/0", "--port=0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "pip install" in ended.stderr
