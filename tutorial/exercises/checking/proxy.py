"""A proxy that runs with a configuration, without root, in a folder of its own that is deleted afterwards.

What differs from one program to the next is a `Proxy`: `nginx.py` and `haproxy.py` have one each.
A check puts its own ports into the learner's file, and makes the proxy's patience TIMES_AS_FAST
shorter; all else stays as it was written.
"""

import math
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

START_SECONDS = 20.0
LOOK_SECONDS = 0.01
TIMES_AS_FAST = 50
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LISTENS = re.compile(r"\b((?:listen|bind)\s+)\S*\b8080\b")
BACKEND = re.compile(r"\b(?:127\.0\.0\.1|localhost):8888\b")


class NotStarted(Exception):
    """The proxy doesn't run with this configuration; the text is its own reason, if it gave one."""


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that runs, and the folder that it writes to."""

    folder: Path

    @property
    def log(self) -> list[str]:
        """The lines of its log, in the order in which things happened."""
        return (self.folder / "log").read_text("utf-8", "replace").splitlines()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A program that is a proxy: how it is started, and what its words are."""

    name: str
    command: Callable[[Path, str], list[str]]  # writes a configuration; arguments to start with
    reason: Callable[[Running], str]  # what it said first is wrong with its configuration
    reference: Callable[[int, int, dict[int, str]], str]  # a server with exactly these patiences
    patience: re.Pattern[str]  # a directive, and its time span
    patience_name: str
    unit: str  # of a time span that names none
    timed_out: re.Pattern[str]  # what a line of its log has when its patience ended
    complaint: str  # the same as a sentence
    keeps: str  # why an event isn't passed on

    @property
    def program(self) -> str:
        """The name of the command, and of the package."""
        return self.name.lower()

    @property
    def not_installed(self) -> str:
        """One sentence, with what to do."""
        install = f"apt install {self.program}; macOS: brew install {self.program}"
        return f"{self.name} isn’t installed here (Debian and Ubuntu: {install})"

    def executable(self) -> str | None:
        """Return where the program is, or None."""
        return shutil.which(
            self.program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
        )

    @contextmanager
    def running(self, configuration: str, port: int) -> Iterator[Running]:
        """Run it until the block ends. It is ready when it listens on `port`. Raises: NotStarted."""
        executable = self.executable()
        if executable is None:
            raise NotStarted(self.not_installed)
        with (
            TemporaryDirectory(prefix="hold-the-line-") as name,
            Path(name, "log").open("w") as log,
        ):
            running = Running(Path(name))
            command = [executable, *self.command(running.folder, configuration)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                if not _listens(process, port):
                    raise NotStarted(self.reason(running) or f"nothing listens on port {port}")
                yield running
            finally:
                process.terminate()
                process.wait()

    def faster(self, text: str) -> str:
        """Return a configuration whose patience ends TIMES_AS_FAST sooner."""
        return self.patience.sub(lambda found: f"{found[1]}{self.sooner(found[2])}", text)

    def sooner(self, span: str) -> str:
        """Return a time span, such as 1m30s, TIMES_AS_FAST as short."""
        parts = re.findall(r"(\d+)\s*(ms|[smhd]?)", span)
        total = sum(int(number) * UNITS_MS[unit or self.unit] for number, unit in parts)
        return f"{math.ceil(total / TIMES_AS_FAST)}ms"  # 0 would be for ever

    def patience_in(self, text: str) -> str:
        """Return what a configuration says of patience: `timeout server is 20s`."""
        spans: dict[str, list[str]] = {}
        for found in self.patience.finditer(text):
            spans.setdefault(" ".join(found[1].split()), []).append(found[2])
        said = [f"{name} is {', '.join(given)}" for name, given in spans.items()]
        return ", ".join(said) or f"{self.patience_name} is not in your file"


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Return whether something listens on the port, as soon as it does or the process has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        time.sleep(LOOK_SECONDS)
    return False
