"""The learner's file as a running program, seen from the judge: ask it, hear it, end it.

Whatever the file does (an exception, `exit()`, an endless loop, a taken port, a flood of prints)
becomes a `Failure` that says so. `tutorial.exercises.sandbox.starting` starts programs.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox import crash_report
from tutorial.exercises.verdict import Failure

START_SECONDS = 8.0
PATIENCE_SECONDS = 5.0
LAST_WORDS_SECONDS = 0.5
KEPT_OUTPUT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Vitals:
    """How a program is: live futures, times that it went to sleep and woke, processor seconds."""

    futures: int
    wakeups: int
    cpu_seconds: float


class Program:
    """The learner's file, running in a process of its own."""

    def __init__(
        self,
        path: Path,
        process: asyncio.subprocess.Process,
        line: socket.socket,
        output: socket.socket,
    ) -> None:
        self.path = path
        self.port: int | None = None
        self._process, self._line, self._output = process, line, output
        self._printed = bytearray()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        """Keep the end of what the program prints, so that a flood of it fills no memory."""
        loop = asyncio.get_running_loop()
        while printed := await loop.sock_recv(self._output, 65536):
            self._printed += printed
            del self._printed[:-KEPT_OUTPUT_BYTES]

    async def _hear_last_words(self) -> None:
        """Return when all is read, or soon: a process that it started may hold the line open."""
        await asyncio.wait([self._listening], timeout=LAST_WORDS_SECONDS)

    async def records(self, patience: float = PATIENCE_SECONDS) -> AsyncIterator[dict[str, Any]]:
        """Yield what `drive` reports, until it is done.

        Raises: `Failure` when the file ends early, or reports nothing for `patience` seconds.
        """
        reader, _ = await asyncio.open_connection(sock=self._line, limit=2**24)
        while True:
            try:
                async with asyncio.timeout(patience):
                    record = await reader.readline()
            except TimeoutError:
                raise await self.stuck("your code to come back") from None
            if not record:
                raise await self.ended("your code to run without an error")
            if "done" in (told := json.loads(record)):
                return
            yield told

    async def vitals(self) -> Vitals:
        """Return how the program is at this moment."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._line, b"?\n")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await loop.sock_recv(self._line, 4096)
        except TimeoutError:
            raise await self.stuck("a server that still answers") from None
        if not answer:
            raise await self.ended("a server that keeps running")
        return Vitals(**json.loads(answer))

    async def ready(self, port: int) -> None:
        """Return when the program listens on this port.

        Raises: `Failure` when it ends instead, or does not listen within `START_SECONDS`.
        """
        expected = f"a server on the port that the file is given as its first argument ({port})"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_SECONDS
        while not await _accepts(port):
            if self._process.returncode is not None:
                raise await self.ended(expected)
            if loop.time() > deadline:
                raise await self.stuck(expected, "nothing listens there")
            await asyncio.sleep(0.02)
        self.port = port

    async def ended(self, expected: str) -> Failure:
        """Return the failure that tells how the program ended."""
        status = await self._process.wait()
        await self._hear_last_words()
        words = crash_report.of_crash(self.printed, self.path)
        ended = f"your program ended by itself, with exit status {status}"
        return Failure(expected, words or ended)

    async def stuck(self, expected: str, got: str = "") -> Failure:
        """Return the failure that tells where the program hangs; this ends the program."""
        seconds = PATIENCE_SECONDS if not got else START_SECONDS
        with suppress(ProcessLookupError):
            self._process.send_signal(crash_report.TELL_AND_DIE)
        await self._process.wait()
        await self._hear_last_words()
        where = crash_report.of_hang(self.printed, self.path)
        return Failure(expected, f"{got or 'nothing'} after {seconds:.0f} s{where}")

    async def crashed(self, expected: str, got: str) -> Failure:
        """Return the failure of a program that lives on after an exception, with what it logged."""
        await self._hear_last_words()
        if self._listening.done():
            return await self.ended(expected)
        words = crash_report.of_crash(self.printed, self.path)
        return Failure(expected, f"{got}: {words}" if words else got)

    @property
    def printed(self) -> str:
        """The end of what the program printed and logged."""
        return self._printed.decode("utf-8", "replace")

    def terminate(self) -> None:
        """Ask the program to end."""
        self._process.terminate()

    async def end(self) -> None:
        """Kill the program, if it still runs."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._listening.cancel()
        self._line.close()
        self._output.close()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
