"""Start the learner's file: as the server that it is, or to have its functions called.

Either way for the length of a block, in a process of its own, with one line to the judge and
another for all that it prints. What can't even be parsed is a `Failure` before anything starts.
"""

import ast
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

from tutorial.exercises.sandbox import crash_report, forking
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.verdict import UNREADABLE, Failure

HOSTING = "tutorial.exercises.sandbox.hosting"

Clock = Literal["real", "held"]


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Program]:
    """Run the learner's file as a server on a free port and on a held clock, until the block ends."""
    with reserved_port() as port:
        async with _running(path, "serve", "held", str(port)) as program:
            await program.ready(port)
            yield program


@asynccontextmanager
async def driven(
    path: Path, check: str, *arguments: str, clock: Clock = "real"
) -> AsyncIterator[Program]:
    """Run this check's `drive(learner, report, *arguments)` on the file, until the block ends."""
    async with _running(path, "drive", clock, check, *arguments) as program:
        yield program


@asynccontextmanager
async def _running(path: Path, mode: str, clock: Clock, *arguments: str) -> AsyncIterator[Program]:
    _parse(path)
    line, its_line = socket.socketpair()
    output, its_output = socket.socketpair()
    with its_line, its_output:
        process = await forking.fork_server().start(
            *(HOSTING, mode, clock, str(path), *arguments),
            stdout=its_output,
            stderr=its_output,
            others=[its_line],
        )
    line.setblocking(False)
    output.setblocking(False)
    program = Program(path, process, line, output)
    try:
        yield program
    except Failure as failure:
        failure.printed = crash_report.of_prints(program.printed)
        raise
    finally:
        await program.end()


def _parse(path: Path) -> None:
    try:
        ast.parse(path.read_text("utf-8"), str(path))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise Failure(UNREADABLE, crash_report.of_syntax_error(error)) from None


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port that no other program is given while the block lasts.

    Our socket is bound and doesn't listen, so on Linux a server that sets SO_REUSEADDR, as all do,
    can bind it too. Elsewhere two checks that begin in the same instant may meet.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if sys.platform != "linux":
            holder.close()
        yield port
