"""Start a check in a process of its own, and have its verdict.

The terminal and the chapter's page both come here. The file is read from the learner's disk;
nothing of it comes in or goes out with a request. The check and all that it starts form one group
of processes, and none of it outlives the call.
"""

import asyncio
import json
import os
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from tutorial.exercises.runner.catalogue import exercise
from tutorial.exercises.sandbox import forking
from tutorial.exercises.verdict import Failure, Verdict

JUDGE = "tutorial.exercises.runner.judge"
SECONDS = 250  # a little longer than the judge gives the check


async def verdict_on(number: int, path: Path) -> Verdict:
    """Return what the check of this exercise says of the file at `path`.

    Raises: `NoSuchExercise`.
    """
    arguments = _arguments(number, path)
    with ExitStack() as sockets:
        output, its_output = _pair(sockets)
        complaint, its_complaint = _pair(sockets)
        server = forking.fork_server()
        process = await server.start(
            *(JUDGE, *arguments), stdout=its_output, stderr=its_complaint, others=[server.requests]
        )
        its_output.close()
        its_complaint.close()
        try:
            return _read(number, *await _printed(output, complaint))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            await process.wait()


def _arguments(number: int, path: Path) -> tuple[str, str]:
    return str(exercise(number).number), str(path.absolute())


async def _printed(output: socket.socket, complaint: socket.socket) -> tuple[bytes, bytes]:
    try:
        async with asyncio.timeout(SECONDS):
            return await asyncio.gather(_all_of(output), _all_of(complaint))
    except TimeoutError:
        return b"", b"it took too long"


def _pair(sockets: ExitStack) -> tuple[socket.socket, socket.socket]:
    mine, its = socket.socketpair()
    return sockets.enter_context(mine), sockets.enter_context(its)


async def _all_of(end: socket.socket) -> bytes:
    reader, writer = await asyncio.open_connection(sock=end)
    try:
        return await reader.read()
    finally:
        writer.close()


def _read(number: int, output: bytes, complaint: bytes) -> Verdict:
    if output:
        return Verdict.from_json(json.loads(output))
    broken = complaint.decode("utf-8", "replace").strip()[-500:]
    failure = Failure("the check to come to an end", f"the check itself broke: {broken}")
    return Verdict.of_failure(number, 0.0, failure)
