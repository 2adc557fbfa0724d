"""One file of a learner that the chat runs on: where it is, when it was read, and what went wrong with it last.

It knows neither rooms nor requests. A failure is one sentence that names the learner's line: it goes to the terminal
when it is new, and the chat's page shows the last one.
"""

from __future__ import annotations

import linecache
import runpy
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from transports.refusals import Refused
from tutorial.exercises.sandbox import crash_report

RETRY_SECONDS = "1"
CONSEQUENCE_SECONDS = 1.0


class Unusable(Exception):
    """The chat can't run on this file; the text says why, and in which line."""


@dataclass(slots=True)
class OwnFile:
    """A learner's file, and the transport in whose place it stands. Times are seconds since 1970."""

    path: Path
    transport: str
    read_at: float = 0.0
    failure: str = ""
    failed_at: float = 0.0

    @property
    def full_path(self) -> str:
        """The path as Python names it in a traceback."""
        return str(self.path.absolute())

    def fail(self, why: str) -> None:
        """Remember what went wrong; report it in the terminal, unless it is what was reported last.

        What goes wrong in the second after another failure is taken for a consequence of it.
        """
        if why == self.failure or time.time() - self.failed_at < CONSEQUENCE_SECONDS:
            return
        print(f"{self.path}: {why}", file=sys.stderr, flush=True)
        self.failure, self.failed_at = why, time.time()

    def refuse(self, why: str) -> Refused:
        """Fail, and return what the client is answered."""
        self.fail(why)
        return Refused(503, f"{self.path}: {why}", {"Retry-After": RETRY_SECONDS})

    def note_read(self) -> None:
        """Remember that the file is read now."""
        self.read_at = time.time()

    def read(self) -> dict[str, Any]:
        """Run the file as a module, and return what it defines. Raises: Unusable."""
        self.note_read()
        try:
            return runpy.run_path(self.full_path, run_name="learner")
        except SyntaxError as error:
            raise Unusable(crash_report.of_syntax_error(error)) from error
        except (Exception, SystemExit) as error:
            raise Unusable(self.words_of(error) or repr(error)) from error

    def words_of(self, error: BaseException) -> str:
        """Return what was raised, and in which line of this file; "" when it has nothing to do with it."""
        summary = traceback.extract_tb(error.__traceback__)
        mine = [frame for frame in summary if frame.filename == self.full_path]
        if not mine:
            return ""
        raised = traceback.format_exception_only(error)[-1].strip()
        return f"{raised}, {in_line(mine[-1].lineno, mine[-1].line)}"

    def line_in(self, frame: FrameType | None) -> str:
        """Return the line of this file that runs in a frame, or has called it; "" when there is none."""
        for inner, number in traceback.walk_stack(frame):
            if inner.f_code.co_filename == self.full_path:
                return in_line(number, linecache.getline(self.full_path, number))
        return ""


def at(function: Any) -> str:
    """Return the place of a function, for when the line is not known."""
    code = getattr(function, "__code__", None)
    return in_line(code.co_firstlineno, f"def {code.co_name}") if code else "which is no function"


def in_line(number: int | None, code: str | None) -> str:
    """Return a place in a file, as every message names it."""
    return f"in line {number}, `{(code or '').strip()}`"
