"""`--processes=N`: several servers on one port, kept running by a parent that serves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support import server_process as serving
from tests.support.redis_server import RedisServer
from tests.support.server_process import ROOT, Serving, refused

PATIENCE_SECONDS = 10


@contextmanager
def together(redis: RedisServer, log: Path) -> Iterator[Serving]:
    """Two processes and their parent."""
    started = serving.start(f"--store={redis.url}", "--processes=2", stderr=log)
    assert started.process.stdout is not None
    started.process.stdout.readline()  # the second one listens too
    try:
        yield started
    finally:
        started.process.kill()
        with started.process:
            pass


def answering(server: Serving) -> int:
    """Give the process that answers on a new connection."""
    with urllib.request.urlopen(f"{server.url}/inspect", timeout=5) as answer:
        pid: int = json.load(answer)["pid"]
        return pid


def pids(server: Serving) -> set[int]:
    """Ask until two processes have answered, and give them."""
    found = {answering(server)}
    wait_until(lambda: len(found) == 2 or found.add(answering(server)))
    return found


def wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, "it never came true"


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_processes_answer_on_one_port(redis: RedisServer, tmp_path: Path) -> None:
    with together(redis, tmp_path / "log") as server:
        assert server.process.pid not in pids(server)


def test_a_process_that_is_killed_is_started_again(redis: RedisServer, tmp_path: Path) -> None:
    with together(redis, tmp_path / "log") as server:
        one, other = pids(server)
        os.kill(one, signal.SIGKILL)
        assert server.process.stdout is not None
        told = server.process.stdout.readline()  # its successor listens
        assert pids(server) == {other, int(told.split("process ")[1].rstrip(")\n"))}
        assert "killed by SIGKILL" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_to_the_parent_drains_all(
    redis: RedisServer, tmp_path: Path, signum: signal.Signals
) -> None:
    with together(redis, tmp_path / "log") as server:
        found = pids(server)
        answers: list[int] = []

        def hold() -> None:
            url = f"{server.url}/rooms/drained/long-polling?cursor=now"
            with urllib.request.urlopen(url, timeout=20) as answer:
                answers.append(answer.status)

        holding = [threading.Thread(target=hold) for _ in range(8)]
        for thread in holding:
            thread.start()
        wait_until(lambda: held(server, found) == 8)
        server.process.send_signal(signum)
        for thread in holding:
            thread.join()
        assert answers == [200] * 8
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert not any(map(lives, found))
        assert "Traceback" not in (tmp_path / "log").read_text()


def held(server: Serving, pids: set[int]) -> int:
    """Give how many requests all the processes hold."""
    told: dict[int, int] = {}
    while set(told) != pids:
        with urllib.request.urlopen(f"{server.url}/inspect", timeout=5) as answer:
            report = json.load(answer)
            told[report["pid"]] = report["held"]
    return sum(told.values())


def test_without_their_parent_the_processes_end(redis: RedisServer, tmp_path: Path) -> None:
    with together(redis, tmp_path / "log") as server:
        found = pids(server)
        server.process.kill()
        wait_until(lambda: not any(map(lives, found)))


@pytest.mark.parametrize("store", ["memory", "sqlite:chat.db"])
def test_a_store_that_cannot_be_shared_is_refused(store: str) -> None:
    assert "needs --store=redis://" in refused(f"--store={store}", "--processes=2", "--port=0")


def test_a_port_where_somebody_listens_is_refused_once(redis: RedisServer) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = taken.getsockname()[1]
        assert f":{port}:" in refused(f"--store={redis.url}", "--processes=2", f"--port={port}")


def test_a_redis_that_is_not_there_is_told_once_and_not_by_each() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert where in refused(f"--store=redis://{where}/0", "--processes=2", "--port=0")


def test_who_dies_at_once_is_started_again_more_and_more_slowly(tmp_path: Path) -> None:
    script = f"""
from tutorial.processes import Processes

def work():
    with open({str(tmp_path / "starts")!r}, "a") as starts:
        starts.write("x")
    return 1

Processes(1, work).run()
"""
    starts = tmp_path / "starts"
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.DEVNULL)
    with parent:
        wait_until(lambda: starts.exists() and len(starts.read_text()) >= 3)
        with suppress(subprocess.TimeoutExpired):
            parent.wait(1.0)
        parent.terminate()
        assert parent.wait(PATIENCE_SECONDS) == 0
    assert 3 <= len(starts.read_text()) < 20
