"""A learner's server as a program in a process of its own: asked over HTTP, as its exercise's text says.

A program that blocks, raises or ends does so alone. What it prints goes on to the terminal; what it printed before it
failed says in which line (see `crash_report`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox import crash_report
from tutorial.exercises.sandbox.starting import reserved_port
from tutorial.own_files.own_file import Unusable

HOSTING = (sys.executable, "-X", "faulthandler", "-u", "-m", "tutorial.own_files.hosting")
START_SECONDS = 10.0
ANSWER_SECONDS = 5.0
LATE_SECONDS = 3.0  # so much longer than it was asked to, a program may hold a request
ENDING_SECONDS = 1.0
LOOK_SECONDS = 0.02
KEPT_BYTES = 1 << 16


class Program:
    """A running program of a learner: `start` it, `post` to it, let it `hold`, `end` it."""

    def __init__(self, path: Path, port: int) -> None:
        self._path, self._port = path, port
        self._printed = bytearray()
        self._why = ""  # what was found out last: many readers meet the same failure

    async def start(self) -> None:
        """Return when the program listens on its port. Raises: Unusable."""
        self._output, its_output = os.pipe()
        os.set_blocking(self._output, False)
        self._process = await asyncio.create_subprocess_exec(
            *(*HOSTING, str(self._path), str(self._port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=its_output,
            stderr=asyncio.subprocess.STDOUT,
        )
        os.close(its_output)
        asyncio.get_running_loop().add_reader(self._output, self._listen)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._listens():  # noqa: ASYNC110 (nothing signals it)
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise Unusable(await self._hangs(f"no server on port {self._port}")) from None

    async def _listens(self) -> bool:
        if self._process.returncode is not None:
            raise Unusable(self._crash(self._ended()))
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def post(self, text: str) -> object:
        """Give the program a message, and return the id in its answer. Raises: Unusable."""
        body = json.dumps({"text": text}).encode()
        head = f"POST /messages HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._answer(head.encode() + body)
        except TimeoutError:
            late = f"a post has no answer after {ANSWER_SECONDS:g} s"
            raise Unusable(await self._hangs(late)) from None
        return answer.get("id")

    async def hold(self, cursor: int, seconds: float) -> dict[str, Any] | None:
        """Return what the program answers a reader that has `cursor`; None: it holds on. Raises: Unusable."""
        target = f"/messages?cursor={cursor}&wait={seconds:g}"
        try:
            async with asyncio.timeout(seconds + LATE_SECONDS):
                return await self._answer(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        except TimeoutError:
            await self._check_responsive()
            return None

    async def _check_responsive(self) -> None:
        """Ask for an address that it doesn't serve: a loop that turns answers 404 at once. Raises: Unusable."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._exchange(b"GET /unknown HTTP/1.0\r\n\r\n")
        except TimeoutError:
            raise Unusable(await self._hangs("a request has no answer")) from None

    async def _answer(self, request: bytes) -> dict[str, Any]:
        """Return the JSON object that answers a request. Raises: Unusable."""
        head, _, body = (await self._exchange(request)).partition(b"\r\n\r\n")
        status = head.split(b"\r\n")[0].decode("latin-1").partition(" ")[2]
        if not status.startswith("200"):
            raise Unusable(self._crash(f"it answered {status or 'nothing'}"))
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unusable(f"it answered {body[:100]!r}, and no JSON object")
        return answer

    async def _exchange(self, request: bytes) -> bytes:
        """Return a whole answer. One who stops waiting closes the connection, as a client that leaves."""
        writer = None
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(request)
            if answer := await reader.read():
                return answer
        except ConnectionError:
            pass
        finally:
            if writer is not None:
                writer.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), ENDING_SECONDS)
        raise Unusable(self._crash(self._ended() or "it closed a connection without an answer"))

    def _ended(self) -> str:
        """Return how the program has ended; "" while it runs."""
        status = self._process.returncode
        return "" if status is None else f"it ended by itself, with status {status}"

    def _listen(self) -> None:
        """Take in what the program has printed so far, and pass it on."""
        with suppress(BlockingIOError):
            while printed := os.read(self._output, KEPT_BYTES):
                sys.stderr.write(printed.decode("utf-8", "replace"))
                self._printed += printed
                del self._printed[:-KEPT_BYTES]
            asyncio.get_running_loop().remove_reader(self._output)  # it has ended

    def _crash(self, otherwise: str) -> str:
        """Return what the program raised and where, or what else is known of its failure."""
        self._why = crash_report.of_crash(self._take_printed(), self._path) or self._why
        return self._why or otherwise

    def _take_printed(self) -> str:
        self._listen()
        printed = self._printed.decode("utf-8", "replace")
        self._printed.clear()
        return printed

    async def _hangs(self, what: str) -> str:
        """End the program, and return where it was."""
        self._take_printed()
        with suppress(ProcessLookupError):
            self._process.send_signal(crash_report.DUMP_AND_EXIT)
        await self._process.wait()
        self._why = what + crash_report.of_hang(self._take_printed(), self._path)
        return self._why

    async def end(self) -> None:
        """End the program, if it still runs."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        asyncio.get_running_loop().remove_reader(self._output)
        os.close(self._output)


async def started(path: Path) -> Program:
    """Return a program that listens. Raises: Unusable."""
    with reserved_port() as port:
        program = Program(path, port)
        try:
            await program.start()
        except Unusable:
            await program.end()
            raise
    return program
