"""The learner's file as a running program, seen from the judge: ask it, read it, end it.

Whatever the file does (an exception, `exit()`, an endless loop, a taken port, a flood of prints)
becomes a `Failure` that says so. How long the judge waits does not depend on what else the machine
does: a program is given up when it has computed too long, or when its clock has come to the end.
`tutorial.exercises.sandbox.starting` starts programs.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import psutil

from tutorial.exercises.sandbox import crash_report
from tutorial.exercises.sandbox.held_clock import Vitals
from tutorial.exercises.sandbox.idle_loop import IdleLoop
from tutorial.exercises.verdict import Failure

COMPUTING_SECONDS = 4.0  # of its own processor time, for one answer
WAITING_SECONDS = 30.0  # in real time: only what will never come takes so long
ANSWER_SECONDS = 5.0  # on the program's clock
LOOK_SECONDS = 0.1
DYING_SECONDS = 2.0
KEPT_OUTPUT_BYTES = 1024 * 1024

T = TypeVar("T")


class Program:
    """The learner's file, running in a process of its own; `now` is the time on its held clock."""

    def __init__(
        self,
        path: Path,
        process: asyncio.subprocess.Process,
        line: socket.socket,
        output: socket.socket,
    ) -> None:
        self.path, self.now = path, 0.0
        self.port: int | None = None
        self._process, self._line, self._output = process, line, output
        self._printed = bytearray()
        self._records: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._replies: asyncio.Queue[Vitals | None] = asyncio.Queue()
        self._commanding, self._command = asyncio.Lock(), 0
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._read_line())]

    async def _listen(self) -> None:
        """Keep the end of what the program prints, so that a flood of it fills no memory."""
        loop = asyncio.get_running_loop()
        while printed := await loop.sock_recv(self._output, 65536):
            self._printed += printed
            del self._printed[:-KEPT_OUTPUT_BYTES]

    async def _read_line(self) -> None:
        """Sort what comes on the line: answers to the judge's commands, and records."""
        reader, _ = await asyncio.open_connection(sock=self._line, limit=2**24)
        with suppress(ConnectionError):  # it ended, and left a command unread
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
        self, computing: float = COMPUTING_SECONDS, waiting: float = WAITING_SECONDS
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield what `drive` reports, until it is done.

        Raises: `Failure` when the check says so, when the file ends early, or reports nothing
        though it computes or waits for so many seconds.
        """
        expected = "your code to come back"
        while True:
            record = await self._patiently(self._records.get(), expected, computing, waiting)
            if record is None:
                raise await self.ended("your code to run without an error")
            if "failure" in record:
                raise await self._reported(record["failure"])
            if "done" in record:
                return
            yield record

    async def _reported(self, failure: dict[str, Any]) -> Failure:
        """Return a failure of `drive`, with the exception that the learner's file has logged."""
        reported = Failure.from_json(failure)
        crashed = await self.crashed(reported.expected, reported.got)
        return Failure(
            crashed.expected, crashed.got, read=reported.read, timeline=reported.timeline
        )

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
            vitals: Vitals | None = await self._patiently(self._replies.get(), expected)
            if vitals is None:
                raise await self.ended("a server that keeps running")
            if vitals.command == self._command:
                return vitals

    async def settle(self, *, count: bool = False) -> Vitals:
        """Return when it and the judge have handled all that was sent so far, at this time."""
        async with self._commanding:
            while True:
                await _own_loop().until_idle()
                vitals = await self._advance(0, count)
                await _own_loop().until_idle()
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
        return cast(T, await self._patiently(answer, expected))

    async def _patiently(
        self,
        coming: Any,
        expected: str,
        computing: float = COMPUTING_SECONDS,
        waiting: float = WAITING_SECONDS,
    ) -> Any:
        """Return what comes; end the program when it only computes, or only waits."""
        answer, loop = asyncio.ensure_future(coming), asyncio.get_running_loop()
        began, computed = loop.time(), self._computed()
        try:
            while not (await asyncio.wait([answer], timeout=LOOK_SECONDS))[0]:
                late = loop.time() - began > waiting
                if late or self._computed() - computed > computing:
                    raise await self.stuck(expected)
            return answer.result()
        finally:
            answer.cancel()

    def _computed(self) -> float:
        """Return the processor seconds that the program has used."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

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

    async def ended(self, expected: str) -> Failure:
        """Return the failure that says how the program ended."""
        status = await self._process.wait()
        await _own_loop().until_idle()
        words = crash_report.of_crash(self.printed, self.path)
        return Failure(
            expected, words or f"your program ended by itself, with exit status {status}"
        )

    async def stuck(self, expected: str) -> Failure:
        """Return the failure that says where the program hangs; this ends the program."""
        with suppress(ProcessLookupError):
            self._process.send_signal(crash_report.TELL_AND_DIE)
        await self._process.wait()
        await _own_loop().until_idle()
        return Failure(expected, "no answer" + crash_report.of_hang(self.printed, self.path))

    async def crashed(self, expected: str, got: str) -> Failure:
        """Return the failure of a program that lives on after an exception, with what it logged."""
        await _own_loop().until_idle()
        if self._tasks[0].done():
            return await self.ended(expected)
        words = crash_report.of_crash(self.printed, self.path)
        return Failure(expected, f"{got}: {words}" if words else got)

    async def broke_off(self, expected: str, got: str) -> Failure:
        """Return the failure of a program that closed a connection: it may be about to end."""
        await asyncio.wait(self._tasks[:1], timeout=DYING_SECONDS)
        return await self.crashed(expected, got)

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
        for task in self._tasks:
            task.cancel()
        self._line.close()
        self._output.close()


def _own_loop() -> IdleLoop:
    return cast(IdleLoop, asyncio.get_running_loop())


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
