"""Have a process forked by the fork server, and wait for its end: see `fork_server`.

A process has one fork server, started when it first asks; a judge uses that of the process which
asked for its verdict. What a judge starts belongs to its group of processes, and ends with it.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parents[3]
OWN_GROUP = 0
COMMAND = (
    *(sys.executable, "-X", "faulthandler", "-u"),
    *("-m", "tutorial.exercises.sandbox.fork_server"),
)


class ForkedProcess:
    """A process that was forked: its id, and how it ends."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pid = pid
        self._ended = asyncio.create_task(self._read_status(reader, writer))

    async def _read_status(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        line = await reader.readline()
        writer.close()
        return int(line or -signal.SIGKILL)

    async def wait(self) -> int:
        """Return its exit status, when it has ended."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it still runs."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The way to a fork server, and the group of processes to which its forks are to belong."""

    def __init__(
        self,
        requests: socket.socket,
        group: int = OWN_GROUP,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.requests, self._group, self._process = requests, group, process

    async def start(
        self,
        module: str,
        *arguments: str,
        stdout: socket.socket,
        stderr: socket.socket,
        others: Sequence[socket.socket] = (),
    ) -> ForkedProcess:
        """Run this module's `main` in a fork: with the numbers of `others` there, and the arguments."""
        mine, its = socket.socketpair()
        with its:
            descriptors = [one.fileno() for one in (its, stdout, stderr, *others)]
            socket.send_fds(self.requests, [b"+"], descriptors)
        reader, writer = await asyncio.open_connection(sock=mine)
        place = {"group": self._group, "folder": os.getcwd()}
        request = {"module": module, "arguments": arguments, **place}
        writer.write(json.dumps(request).encode() + b"\n")
        return ForkedProcess(int(await reader.readline()), reader, writer)

    def has_ended(self) -> bool:
        """Return whether this process has started it, and it has ended."""
        return self._process is not None and self._process.poll() is not None

    def end(self) -> None:
        """Let it end, as it does when nobody can ask it any more."""
        self.requests.close()
        if self._process:
            self._process.wait()


_used: list[ForkServer] = []


def use(requests: socket.socket) -> None:
    """Ask the server behind this socket from now on; what it forks is to end with this process."""
    _used[:] = [ForkServer(requests, os.getpgrp())]


def fork_server() -> ForkServer:
    """Return this process's fork server; start one if there is none."""
    if not _used or _used[0].has_ended():
        _used[:] = [_started()]
    return _used[0]


def _started() -> ForkServer:
    requests, its_requests = socket.socketpair()
    with its_requests:
        process = subprocess.Popen(
            [*COMMAND, str(its_requests.fileno())],
            pass_fds=[its_requests.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            start_new_session=True,
        )
    server = ForkServer(requests, process=process)
    atexit.register(server.end)
    return server
