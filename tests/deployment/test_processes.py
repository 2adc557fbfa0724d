"""`--processes=N`: several servers on one port, kept running by a parent that serves nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support import server_process
from tests.support.http import fetch
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.server_process import ROOT, ServerProcess, startup_error
from tests.support.waiting import PATIENCE_SECONDS, wait_until


@contextmanager
def together(redis: RedisServer, log: Path) -> Iterator[ServerProcess]:
    """Two processes and their parent."""
    started = server_process.start(f"--store={redis.url}", "--processes=2", stderr=log)
    assert started.process.stdout is not None
    started.process.stdout.readline()  # the second one listens too
    try:
        yield started
    finally:
        started.process.kill()
        with started.process:
            pass


def answering(server: ServerProcess) -> int:
    """Return the process that answers on a new connection."""
    pid: int = fetch(f"{server.url}/inspect").json["pid"]
    return pid


def pids(server: ServerProcess) -> set[int]:
    """Ask until two processes have answered, and return them."""
    found = {answering(server)}
    wait_until(lambda: len(found) == 2 or found.add(answering(server)))
    return found


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
        line = server.process.stdout.readline()  # its successor listens
        assert pids(server) == {other, int(line.split("process ")[1].rstrip(")\n"))}
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
            answers.append(fetch(url).status)

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


def held(server: ServerProcess, pids: set[int]) -> int:
    """Return how many requests all the processes hold."""
    counts: dict[int, int] = {}
    while set(counts) != pids:
        report = fetch(f"{server.url}/inspect").json
        counts[report["pid"]] = report["held"]
    return sum(counts.values())


def test_without_their_parent_the_processes_end(redis: RedisServer, tmp_path: Path) -> None:
    with together(redis, tmp_path / "log") as server:
        found = pids(server)
        server.process.kill()
        wait_until(lambda: not any(map(lives, found)))


@pytest.mark.parametrize("store", ["memory", "sqlite:chat.db"])
def test_a_store_that_cannot_be_shared_is_refused(store: str) -> None:
    assert "needs --store=redis://" in startup_error(
        f"--store={store}", "--processes=2", "--port=0"
    )


def test_a_port_where_somebody_listens_is_refused_once(redis: RedisServer) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = taken.getsockname()[1]
        assert f":{port}:" in startup_error(
            f"--store={redis.url}", "--processes=2", f"--port={port}"
        )


def test_a_redis_that_is_not_there_is_reported_once_and_not_by_each() -> None:
    where = f"127.0.0.1:{free_port()}"
    assert where in startup_error(f"--store=redis://{where}/0", "--processes=2", "--port=0")


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
