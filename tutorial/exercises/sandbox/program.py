"""The learner's file as a running program, seen from the judge: ask it, read it, end it.

Whatever the file does (an exception, `exit()`, an endless loop, a taken port, a flood of prints)
becomes a `Failure` that says so. A program is ended when its clock has come to the end, or when it
is stuck: see `process`.
`tutorial.exercises.sandbox.starting` starts programs.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from tutorial.exercises.sandbox.forking import ForkedProcess
from tutorial.exercises.sandbox.held_clock import Vitals
from tutorial.exercises.sandbox.process import (
    LOOK_SECONDS,
    WAITING_SECONDS,
    LearnerProcess,
    own_loop,
)
from tutorial.exercises.verdict import Failure

ANSWER_SECONDS = 5.0  # on the program's clock
PLAYING_SECONDS = 4.0  # of its own processor time, for all that `drive` does between two records

T = TypeVar("T")


class Program(LearnerProcess):
    """The learner's file, running in a process of its own; `now` is the time on its held clock."""

    def __init__(
        self,
        path: Path,
        process: ForkedProcess,
        line: socket.socket,
        output: socket.socket,
    ) -> None:
        super().__init__(path, process, output)
        self.now = 0.0
        self.port: int | None = None
        self._line = line
        self._records: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._replies: asyncio.Queue[Vitals | None] = asyncio.Queue()
        self._commanding, self._command = asyncio.Lock(), 0
        self._tasks.append(asyncio.create_task(self._read_line()))

    async def _read_line(self) -> None:
        """Sort what comes on the line: answers to the judge's commands, and records."""
        reader, writer = await asyncio.open_connection(sock=self._line, limit=2**24)
        with closing(writer), suppress(ConnectionError):  # it ended, and left a command unread
            while line := await reader.readline():
                record = json.loads(line)
                if "reply" in record:
                    self._replies.put_nowait(Vitals(**record["reply"]))
                else:
                    self._records.put_nowait(record)
        self._records.put_nowait(None)
        self._replies.put_nowait(None)

    # What it reports

    async def records(
        self, computing: float = PLAYING_SECONDS, waiting: float = WAITING_SECONDS
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield what `drive` reports, until it is done.

        Raises: `Failure` when the check says so, when the file ends early, or reports nothing
        though it computes or waits for so many seconds.
        """
        expected = "your code to come back"
        while True:
            record = await self.patiently(self._records.get(), expected, computing, waiting)
            if record is None:
                raise await self.ended("your code to run without an error")
            if "failure" in record:
                raise await self._reported(record["failure"])
            if "done" in record:
                return
            yield record

    async def _reported(self, failure: dict[str, Any]) -> Failure:
        """Return a failure of `drive`; its program may have ended by now, as it does when done."""
        reported = Failure.from_json(failure)
        reported.got = await self.with_exception(reported.got)
        return reported

    # Its clock

    async def advance(self, seconds: float) -> Vitals:
        """Let the program's clock go on, and return how it is when it rests at that time."""
        async with self._commanding:
            return await self._advance(seconds)

    async def _advance(self, seconds: float, count: bool = False) -> Vitals:
        self.now += seconds
        self._command += 1
        command = {"number": self._command, "advance": seconds, "count": count}
        with suppress(OSError):
            line = json.dumps(command).encode() + b"\n"
            await asyncio.get_running_loop().sock_sendall(self._line, line)
        while True:
            expected = "a server that still answers"
            vitals: Vitals | None = await self.patiently(self._replies.get(), expected)
            if vitals is None:
                raise await self.ended("a server that keeps running")
            if vitals.command == self._command:
                return vitals

    async def settle(self, *, count: bool = False) -> Vitals:
        """Return when it and the judge have handled all that was sent so far, at this time."""
        async with self._commanding:
            await own_loop().until_idle()
            while True:
                vitals = await self._advance(0, count)
                await own_loop().until_idle()
                if not vitals.handled or vitals.spinning:
                    return vitals

    async def pass_time(self, seconds: float, step: float) -> None:
        """Let time pass in steps, after each of which everybody has done what there was to do."""
        for _ in range(round(seconds / step)):
            await self.advance(step)
            await self.settle()

    async def comes(
        self, answer: asyncio.Future[T], expected: str, seconds: float = ANSWER_SECONDS
    ) -> T:
        """Return what comes, at once or when the program's clock goes on for these seconds.

        Raises: `Failure` when nothing will come.
        """
        if (await asyncio.wait([answer], timeout=LOOK_SECONDS))[0]:
            return answer.result()
        until = self.now + seconds
        while True:
            rest = await self.settle()
            if answer.done():
                return answer.result()
            if rest.spinning:
                raise Failure(expected, "a loop that asks again and again, and never waits")
            if rest.next_timer is None or self.now + rest.next_timer > until:
                raise Failure(expected, f"nothing within {seconds:g} s")
            await self.advance(rest.next_timer)

    async def answered(self, answer: asyncio.Future[T], expected: str) -> T:
        """Return what comes of a program on real time. Raises: `Failure` when it is stuck."""
        return cast(T, await self.patiently(answer, expected))

    # Its beginning and its end

    async def ready(self, port: int) -> None:
        """Return when the program listens on this port.

        Raises: `Failure` when it ends, hangs or rests before it does.
        """
        expected = f"a server on the port that the file is given as its first argument ({port})"
        resting = asyncio.create_task(self.settle())
        try:
            while not await _accepts(port):
                if resting.done() and resting.result() and not await _accepts(port):
                    raise Failure(expected, "nothing listens there")
                await asyncio.sleep(LOOK_SECONDS / 5)
        except Failure as failure:
            raise Failure(expected, failure.got) from None
        finally:
            resting.cancel()
        self.port = port

    async def end(self) -> None:
        """Kill the program, if it still runs."""
        await super().end()
        self._line.close()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
