"""The learner's file as a process: what it prints, whether it is stuck, and why it ended.

How long the judge waits does not depend on what else the machine does: a program is ended when it
has computed too long, or when it waits for what will never come. `program.Program` is the same
process with its line to the judge.
"""

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any, cast

import psutil

from tutorial.exercises.sandbox import crash_report
from tutorial.exercises.sandbox.forking import ForkedProcess
from tutorial.exercises.sandbox.idle_loop import IdleLoop
from tutorial.exercises.verdict import Failure

COMPUTING_SECONDS = 2.0  # of its own processor time, for one answer
WAITING_SECONDS = 30.0  # in real time: only what will never come takes so long
LOOK_SECONDS = 0.1
DYING_SECONDS = 2.0
KEPT_OUTPUT_BYTES = 1024 * 1024


class LearnerProcess:
    """The process in which the learner's file runs."""

    def __init__(self, path: Path, process: ForkedProcess, output: socket.socket) -> None:
        self.path = path
        self._process, self._output = process, output
        self._printed = bytearray()
        self._tasks = [asyncio.create_task(self._listen())]

    async def _listen(self) -> None:
        """Keep the end of what the program prints, so that a flood of it fills no memory."""
        loop = asyncio.get_running_loop()
        while printed := await loop.sock_recv(self._output, 65536):
            self._printed += printed
            del self._printed[:-KEPT_OUTPUT_BYTES]

    async def patiently(
        self,
        coming: Any,
        expected: str,
        computing: float = COMPUTING_SECONDS,
        waiting: float = WAITING_SECONDS,
    ) -> Any:
        """Return what comes; end the program when it only computes, or only waits."""
        answer = asyncio.ensure_future(coming)
        try:
            if not (await asyncio.wait([answer], timeout=LOOK_SECONDS))[0]:
                await self._watch(answer, expected, computing, waiting)
            return answer.result()
        finally:
            answer.cancel()

    async def _watch(
        self, answer: asyncio.Future[Any], expected: str, computing: float, waiting: float
    ) -> None:
        loop, computed = asyncio.get_running_loop(), self._computed()
        began = loop.time()
        while not (await asyncio.wait([answer], timeout=LOOK_SECONDS))[0]:
            late = loop.time() - began > waiting
            if late or self._computed() - computed > computing:
                raise await self.stuck(expected)

    def _computed(self) -> float:
        """Return the processor seconds that the program has used."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    async def has_ended(self) -> int:
        """Return the program's exit status, when it has ended and all that it printed is read."""
        status = await self._process.wait()
        await own_loop().until_idle()
        return status

    async def ended(self, expected: str) -> Failure:
        """Return the failure that says how the program ended."""
        status = await self.has_ended()
        words = crash_report.of_crash(self.printed, self.path)
        return Failure(
            expected, words or f"your program ended by itself, with exit status {status}"
        )

    async def stuck(self, expected: str) -> Failure:
        """Return the failure that says where the program hangs; this ends the program."""
        self._process.send_signal(crash_report.DUMP_AND_EXIT)
        await self.has_ended()
        return Failure(expected, "no answer" + crash_report.of_hang(self.printed, self.path))

    async def crashed(self, expected: str, got: str) -> Failure:
        """Return the failure of a program that lives on after an exception, with what it logged."""
        await own_loop().until_idle()
        if self._tasks[0].done():
            return await self.ended(expected)
        return Failure(expected, await self.with_exception(got))

    async def with_exception(self, got: str) -> str:
        """Return what came, with the exception that the learner's file has logged, if any."""
        await own_loop().until_idle()
        words = crash_report.of_crash(self.printed, self.path)
        return f"{got}: {words}" if words else got

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
        self._process.send_signal(signal.SIGTERM)

    async def end(self) -> None:
        """Kill the program, if it still runs."""
        self._process.kill()
        await self._process.wait()
        for task in self._tasks:
            task.cancel()
        self._output.close()


def own_loop() -> IdleLoop:
    return cast(IdleLoop, asyncio.get_running_loop())
