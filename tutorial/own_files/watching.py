"""Two watches over the files that run in the server's own process: for what they raise, and for what blocks.

An exception is caught and logged by Tornado or by a room, and ends one reader; here it gets the learner's line. A line
that doesn't come back holds up everybody, because there is one event loop. So an alarm rings in the middle of it, and
raises `Blocked` there: that request fails, and the loop goes on.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from types import FrameType

from tutorial.own_files.own_file import OwnFile

BLOCKED_SECONDS = 3.0


class Blocked(Exception):
    """Raised in the line of a learner's file that keeps the event loop from everybody else."""


class ErrorWatch(logging.Handler):
    """Reports what is logged with an exception that came through a learner's file."""

    def __init__(self, files: Sequence[OwnFile]) -> None:
        super().__init__()
        self._files = files

    def emit(self, record: logging.LogRecord) -> None:
        """Report the line, and let Python print the record as it would have without us."""
        if logging.lastResort and record.levelno >= logging.lastResort.level:
            logging.lastResort.handle(record)
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, Blocked):
            return  # a file that blocked was reported when the alarm rang
        for file in self._files:
            if words := file.words_of(error):
                file.fail(words)


class Watchdog:
    """Raises `Blocked` in a learner's line that runs for BLOCKED_SECONDS, as long as the watch lasts."""

    def __init__(self, files: Sequence[OwnFile]) -> None:
        self._files = files
        self._loop = asyncio.get_running_loop()
        self._before = signal.signal(signal.SIGALRM, self._ring)
        self._wind()

    def close(self) -> None:
        """End the watch."""
        self._timer.cancel()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)

    def _wind(self) -> None:
        """Put the alarm off; a loop that is blocked doesn't."""
        signal.setitimer(signal.ITIMER_REAL, BLOCKED_SECONDS, BLOCKED_SECONDS)
        self._timer = self._loop.call_later(BLOCKED_SECONDS / 4, self._wind)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        for file in self._files:
            if line := file.line_in(frame):
                file.fail(f"blocks the event loop, and every reader of the chat, {line}")
                raise Blocked(f"this line took {BLOCKED_SECONDS:g} s of everybody’s time")
