"""A real `python -m tutorial` on a free port, as a context."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from tutorial.__main__ import main

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Serving:
    """A server that runs: its process, and where it is."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def start(*options: str, stderr: Path | None = None, **environment: str) -> Serving:
    """Start `python -m tutorial` with `options`, and return when it listens."""
    with (stderr or Path(os.devnull)).open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tutorial", "--port=0", "--rate-limit=0", *options],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=log if stderr else None,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "http://" in line, f"it ended with {process.wait()}"
    return Serving(process, line.split("http://")[1].split("/")[0].join(["http://", ""]))


def stop(serving: Serving) -> int:
    """Tell it to end, and give its exit status."""
    serving.process.terminate()
    with serving.process:
        return serving.process.wait(10)


@contextmanager
def served(*options: str, **environment: str) -> Iterator[Serving]:
    """Start a server for the length of a `with`."""
    serving = start(*options, **environment)
    try:
        yield serving
    finally:
        stop(serving)


def refused(*options: str) -> str:
    """Start what can't be started, in this process, and give the one line that it says."""
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as told:
        assert main(["--port=0", *options]) == 2
    assert (said.getvalue(), told.getvalue().count("\n")) == ("", 1)
    return told.getvalue()
