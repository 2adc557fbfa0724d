"""The server that the conformance suite judges: one in this process, one at an address, or one that a command starts.

A `Subject` knows no more of its server than an address. Each has rooms of its own, so that a server that runs on, and
remembers, meets every test as if it were the first. What a command leaves open is filled in by `{port}`, `{history}`
(how many messages a room retains) and `{file}` (where the log may lie); a test that needs a server with a history of
its own, or one that starts again, is skipped for a command that doesn't say how.
"""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import joined
from tests.support.http import ask
from tests.support.in_process_server import InProcessServer
from tests.support.ports import free_port

START_SECONDS = 20.0
HISTORY = 1000  # messages that a room retains, when a test doesn't mind


@dataclass
class Subject:
    """A server under test. `inside` is there when it runs in this process."""

    url: str
    prefix: str
    inside: InProcessServer | None = None
    process: subprocess.Popen[bytes] | None = None

    def room(self, name: str = "lobby") -> str:
        """Return a room's real name, which no other test uses."""
        return self.prefix + name

    def joined(
        self, transport: str, *, room: str = "lobby", **query: str | int
    ) -> AbstractAsyncContextManager[Any]:
        """Return a client that joins one of this test's rooms."""
        return joined(self.url, transport, room=self.room(room), **query)

    def demand_inside(self) -> InProcessServer:
        """Return the server in this process; skip the test when it is in another."""
        if self.inside is None:
            pytest.skip("needs the inside of a server in the suite's own process")
        return self.inside

    async def inspect(self) -> dict[str, Any]:
        """Return what `/inspect` answers; skip the test when the server has none."""
        answer = await ask(self.url, "/inspect")
        if answer.status == 404:
            pytest.skip("needs /inspect")
        inside: dict[str, Any] = answer.json
        return inside

    async def stop(self) -> None:
        """End the server; in this process it drains."""
        if self.inside:
            await self.inside.stop()
        self.end()

    def end(self) -> None:
        """End the server's process, when it has one of its own."""
        if self.process:
            end(self.process)


@dataclass(frozen=True)
class Elsewhere:
    """A server of another process: where it is, and the command that starts one (empty: somebody has)."""

    url: str
    command: str = ""

    def another(
        self, folder: Path, history: int | None, file: Path | None
    ) -> tuple[subprocess.Popen[bytes], str]:
        """Start another one, with a history of its own or a file to keep its log in.

        Skips the test when the command doesn't say how.
        """
        needed = {"{history}": history, "{file}": file}
        for name in [name for name, value in needed.items() if value is not None]:
            if name not in self.command:
                pytest.skip(f"needs a server of its own: --serve, with {name} in the command")
        if not self.command:
            pytest.skip("needs a server that can be started again: --serve")
        return start(self.command, folder, history or HISTORY, file)


@contextmanager
def judged(config: pytest.Config, folder: Path) -> Iterator[Elsewhere | None]:
    """The server in another process that `--url` or `--serve` names, for the length of a `with`; else None."""
    url, command = config.getoption("--url"), config.getoption("--serve")
    if url or not command:
        yield Elsewhere(url.rstrip("/"), command or "") if url else None
        return
    process, url = start(command, folder)
    try:
        yield Elsewhere(url, command)
    finally:
        end(process)


def start(
    command: str, folder: Path, history: int = HISTORY, file: Path | None = None
) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server by a command, and return when it listens. Fails the test when it doesn't."""
    port = free_port()
    given = {"port": port, "history": history, "file": file or folder / f"log-{port}"}
    words = [word.format(**given) for word in shlex.split(command)]
    log = folder / f"server-{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    if not _listens(process, port):
        end(process)
        pytest.fail(f"{shlex.join(words)} doesn’t listen: {log.read_text(errors='replace')[-500:]}")
    return process, f"http://127.0.0.1:{port}"


def fresh_prefix() -> str:
    """Return the beginning of room names that nobody has used."""
    return f"t{secrets.token_hex(5)}-"


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until something listens on the port."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        time.sleep(0.02)
    return False


def named(transports: str | None, known: Sequence[str]) -> list[str]:
    """Return the transports that an option names, separated by commas; all that are known when it names none."""
    names = [name.strip() for name in transports.split(",")] if transports else list(known)
    if unknown := set(names) - set(known):
        raise pytest.UsageError(f"{', '.join(unknown)}: known are {', '.join(known)}")
    return names
