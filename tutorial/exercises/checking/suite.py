"""The project's own conformance suite, run for a transport in the learner's file.

`run` is what happens in the learner's process, test by test; `passed` watches it from the judge's. A case's name is
the sentence that it proves, so the first one that fails says what was expected.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Failure

FILE = Path(__file__).parents[3] / "tests" / "test_conformance.py"
NEEDED = ("pytest", "websockets", "redis")  # what it imports
INSTALL = "python -m pip install -e '.[dev]'"
CASE_COMPUTING_SECONDS = 15.0
CASE_SECONDS = 60.0
SHOWN_LINES = 3
SHOWN_CHARACTERS = 300

Report = Callable[[dict[str, Any]], None]


def run(path: str, report: Report) -> None:
    """Run the suite for the `TRANSPORTS` of this file, and report each case."""
    import pytest

    class Reporter:
        """Reports when a case begins, when it fails, and how many there were."""

        def pytest_runtest_logstart(self, nodeid: str) -> None:
            report({"case": nodeid})

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                send({"why": report.longreprtext})

        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            send({"count": session.testscollected})

    send = report
    options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=short", f"--rootdir={FILE.parents[1]}"]
    pytest.main([str(FILE), f"--transport-module={path}", *options], plugins=[Reporter()])


async def passed(path: Path, check: str, *arguments: str) -> int:
    """Return the number of cases, all of which have passed, where this check's `drive` calls `run`.

    Raises: `Failure` for the first that did not pass, or did not end.
    """
    _demand_suite()
    case, count = "the suite begins", 0
    async with driven(path, check, *arguments) as program:
        try:
            async for record in program.records(CASE_COMPUTING_SECONDS, CASE_SECONDS):
                case, count = record.get("case", case), record.get("count", count)
                if "why" in record:
                    raise Failure("", _reason(record["why"]))
        except Failure as failure:
            raise Failure(_sentence(case), failure.got) from None
    if not count:
        raise Failure("a file that the suite can run", program.printed[-SHOWN_CHARACTERS:])
    return count


def missing() -> str:
    """Say which packages that the suite needs are not installed, and how to install them; nothing when all are."""
    names = [name for name in NEEDED if not importlib.util.find_spec(name)]
    return f"{' and '.join(names)} missing: {INSTALL}" if names else ""


def _demand_suite() -> None:
    if got := missing():
        raise Failure("what the project's suite needs", got)
    if not FILE.exists():
        raise Failure("the project's suite", f"there is no {FILE}")


def _sentence(case: str) -> str:
    """Return what a case's name says."""
    name, _, parameters = case.rpartition("::")[2].partition("[")
    sentence = f"“{name.removeprefix('test_').replace('_', ' ')}”"
    return f"{sentence} ({parameters.rstrip(']')})" if parameters else sentence


def _reason(report: str) -> str:
    """Return the first of the lines in which pytest says what was wrong."""
    lines = [line[1:].strip() for line in report.splitlines() if line.startswith("E ")]
    return " ".join(lines[:SHOWN_LINES])[:SHOWN_CHARACTERS] or report[-SHOWN_CHARACTERS:]
