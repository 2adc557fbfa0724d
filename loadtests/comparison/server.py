"""Server: a server as a process of its own, on a free port, ready when it is given and gone after the `with`.

    with fresh_server("--store=sqlite:chat.db", CHAT_PUBLISH_KEY="key") as server:
        print(server.url, server.port, server.cpu_seconds())

Tests and the tutorial start their servers here too. Nothing of a server is imported: it is started as anybody would.
"""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from loadtests.comparison import child_process

START_SECONDS = 15.0
CHAT = ("-m", "tutorial", "--port=0", "--rate-limit=0")
ROOT = Path(__file__).parents[2]
_PORT = re.compile(r":(\d+)/")


class NotStarted(Exception):
    """The server did not start; the text says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on `port` of this machine."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """False once the process has ended."""
        return self.process.poll() is None

    def cpu_seconds(self) -> float:
        """Return the processor seconds that the process has used; its clock ticks every 10 ms."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def rss_bytes(self) -> int:
        """Return the memory that the process occupies, in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


@contextmanager
def fresh_server(*options: str, **environment: str) -> Iterator[Server]:
    """Run the chat; without a `--store` among the options, in memory. Raises: NotStarted."""
    if not any(option.startswith("--store=") for option in options):
        options += ("--store=memory",)
    with running((*CHAT, *options), environment) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    preexec: Callable[[], None] | None = None,
) -> Iterator[Server]:
    """Run `python COMMAND`, which prints a line with its address, `…:PORT/`, once it listens. Raises: NotStarted."""
    with tempfile.TemporaryFile("w+") as log:
        process = child_process.start(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            preexec_fn=preexec,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield Server(process, _port(process, command, log))
        finally:
            child_process.end(process)


def _port(process: subprocess.Popen[str], command: Sequence[str], log: IO[str]) -> int:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    found = _PORT.search(process.stdout.readline() if ready else "")
    if found:
        return int(found[1])
    child_process.end(process)
    log.seek(0)
    lines = log.read().splitlines()
    why = (
        [line for line in lines if "Error" in line][-1:]
        or lines[-1:]
        or [f"it said nothing for {START_SECONDS:g} s"]
    )
    started = " ".join(command).replace(f"{ROOT}/", "")
    raise NotStarted(f"the server did not start (python {started}): {why[0]}")


def free_port() -> int:
    """Return a port of this machine that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port
