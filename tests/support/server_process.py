"""`python -m tutorial` in a process of its own, on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from tests.support.waiting import PATIENCE_SECONDS
from tutorial.__main__ import main

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class ServerProcess:
    """A server in a process of its own: the process, and its address."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def start(
    *options: str,
    stderr: Path | None = None,
    program: str = "tutorial",
    folder: Path = ROOT,
    **environment: str,
) -> ServerProcess:
    """Start `python -m tutorial` in a folder, or another `program` like it, and return when it listens."""
    with (stderr or Path(os.devnull)).open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", program, "--port=0", "--rate-limit=0", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=log if stderr else None,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "http://" in line, f"it ended with {process.wait()}"
    return ServerProcess(process, line.split("http://")[1].split("/")[0].join(["http://", ""]))


def stop(server: ServerProcess) -> int:
    """Send SIGTERM, wait for the end, and return the exit status."""
    server.process.terminate()
    with server.process:
        return server.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(*options: str, **environment: str) -> Iterator[ServerProcess]:
    """Run a server for the length of a `with`."""
    server = start(*options, **environment)
    try:
        yield server
    finally:
        stop(server)


def startup_error(*options: str) -> str:
    """Return the one line that `python -m tutorial` prints about options that it can't start with."""
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
        assert main(["--port=0", *options]) == 2
    assert (output.getvalue(), errors.getvalue().count("\n")) == ("", 1)
    return errors.getvalue()
