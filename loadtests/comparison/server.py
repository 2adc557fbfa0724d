"""Server: the chat as a process of its own, fresh, on a free port, for as long as a cell takes."""

from __future__ import annotations

import re
import select
import subprocess
import sys
import tempfile
from types import TracebackType

START_SECONDS = 15.0
STOP_SECONDS = 5.0
COMMAND = ("-m", "tutorial", "--port=0", "--store=memory", "--rate-limit=0")
_ADDRESS = re.compile(r"https?://\S+?(?=/?\s)")


class NotStarted(Exception):
    """The server did not start; the text says why."""


class FreshServer:
    """Starts a server and knows its `url`; leaving the context ends it. Raises: NotStarted."""

    def __enter__(self) -> FreshServer:
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, *COMMAND],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.url = self._told_address()
        except BaseException:
            self.stop()
            raise
        return self

    def _told_address(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        found = _ADDRESS.search(line)
        if found:
            return found[0].rstrip("/")
        self._process.kill()
        self._process.wait()
        self._log.seek(0)
        why = self._log.read().splitlines()[-1:] or [f"it said nothing for {START_SECONDS:g} s"]
        raise NotStarted(f"the server did not start (python {' '.join(COMMAND)}): {why[0]}")

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """False once the process has ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process, and wait until it has."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._log.close()
