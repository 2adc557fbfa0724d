"""Judge any server that speaks the wire contract, in any language: `python -m tests.conformance --url http://…`.

It runs test_conformance.py, the suite that every transport of this project passes, against a server of which it knows
no more than the address. With `--serve 'node server.js {port}'` it starts the server itself; `{history}` (how many
messages a room retains) and `{file}` (where the log may lie) in the command let it ask for more. It prints each claim
and, for one that doesn't hold, what was expected, what came, and the sentence of the contract. Exit status 1: one
doesn't hold; 2: there is nothing to judge.
"""

from __future__ import annotations

import argparse
import inspect
import json
import shlex
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from loadtests.report.encoding import write_what_the_terminal_can_show
from tests.support import clients
from tests.support.server_under_test import named

SUITE = Path(__file__).with_name("test_conformance.py")
PATIENCE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
SHOWN_CHARACTERS = 300
NOTHING_JUDGED = 2  # exit status
UNNEEDED = (
    "terminal",
    "cacheprovider",
    "xdist",
    "locust",
    "schemathesis",
    "hypothesispytest",
    "anyio",
)
MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}


@dataclass(frozen=True)
class Verdict:
    """How one claim fared on one transport. `case` is what the claim was tried with."""

    claim: str
    case: str
    outcome: str
    contract: str
    expected: str = ""
    came: str = ""
    reason: str = ""


class Judge:
    """What pytest tells while the suite runs, as verdicts."""

    def __init__(self, show: bool) -> None:
        self.verdicts: list[Verdict] = []
        self._show = show
        self._sentences: dict[str, str] = {}
        self._compared: tuple[Any, Any] | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if "[NOTSET" not in item.name]  # no transport for it
        for item in items:
            assert isinstance(item, pytest.Function)
            self._sentences[item.nodeid] = inspect.getdoc(item.function) or ""

    def pytest_runtest_logstart(self) -> None:
        self._compared = None

    def pytest_assertrepr_compare(self, left: object, right: object) -> None:
        self._compared = left, right

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is not None:
            self._add(item, call.excinfo)
        elif call.when == "call":
            self._add(item, None)

    def _add(self, item: pytest.Item, error: pytest.ExceptionInfo[BaseException] | None) -> None:
        claim = item.name.partition("[")[0].removeprefix("test_").replace("_", " ")
        case = item.name.partition("[")[2].removesuffix("]").replace("\\u2192", "→")
        contract = self._sentences[item.nodeid]
        if error is None:
            verdict = Verdict(claim, case, "passed", contract)
        elif error.errisinstance(pytest.skip.Exception):
            verdict = Verdict(claim, case, "skipped", contract, reason=str(error.value))
        else:
            expected, came = self._difference(error, claim)
            verdict = Verdict(claim, case, "failed", contract, expected, came)
        self.verdicts.append(verdict)
        if self._show:
            self._print(verdict)

    def _difference(
        self, error: pytest.ExceptionInfo[BaseException], claim: str
    ) -> tuple[str, str]:
        if error.errisinstance(AssertionError) and self._compared:
            came, expected = self._compared
            return shortened(repr(expected)), shortened(repr(came))
        if error.errisinstance(TimeoutError):
            return claim, f"nothing within {clients.PATIENCE_SECONDS:g} s"
        if error.errisinstance(pytest.fail.Exception) and "DID NOT RAISE" in str(error.value):
            return claim, "no refusal"
        return claim, shortened(
            error.exconly().removeprefix("tests.support.clients.").removeprefix("Failed: ")
        )

    def _print(self, verdict: Verdict) -> None:
        before = self.verdicts[-2].claim if len(self.verdicts) > 1 else ""
        if verdict.claim != before:
            print(f"{verdict.claim}\n  {verdict.contract}")
        print(f"  {MARKS[verdict.outcome]} {verdict.case} {verdict.reason}".rstrip())
        if verdict.outcome == "failed":
            print(f"      expected  {verdict.expected}\n      came      {verdict.came}")


def shortened(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m tests.conformance", description=__doc__)
    parser.add_argument("--url", help="where the server is that somebody has started")
    parser.add_argument("--serve", help="a command that starts one: 'node server.js {port}'")
    parser.add_argument("--transports", help="those that it serves, separated by commas")
    parser.add_argument("--only", action="append", help="the claims with these words; repeatable")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS, help="seconds")
    parser.add_argument("--stop", action="store_true", help="end at the first that doesn’t hold")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parsed = parser.parse_args(arguments)
    if trouble := in_the_way(parsed):
        parser.exit(NOTHING_JUDGED, f"{trouble}\n")
    return parsed


def in_the_way(given: argparse.Namespace) -> str:
    """Return why nothing can be judged so; an empty text when it can."""
    if not given.url and not given.serve:
        return "--url or --serve is needed"
    if given.transports:
        try:
            named(given.transports, list(clients.CLIENTS))
        except pytest.UsageError as unknown:
            return f"--transports: {unknown}"
    if given.url:
        return not_reached(given.url)
    if "{port}" not in given.serve:
        return "--serve: write {port} where the command says on which port to listen"
    program = (shlex.split(given.serve) or [""])[0]
    return "" if shutil.which(program) else f"--serve: there is no program {program!r}"


def not_reached(url: str) -> str:
    """Return why nothing can be asked at an address; an empty text when it can."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            return f"--url: {url} isn’t of the form http://host:port"
        socket.create_connection((parts.hostname, parts.port or 80), CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        return f"--url: nothing answers at {url} ({error})"
    return ""


def judge(given: argparse.Namespace) -> list[Verdict]:
    """Run the suite, and return how each claim fared."""
    clients.PATIENCE_SECONDS = given.patience
    words = [
        f"--{name}={value}"
        for name in ("url", "serve", "transports")
        if (value := getattr(given, name))
    ]
    words += (
        ["-k", " or ".join(part.replace(" ", "_") for part in given.only)] if given.only else []
    )
    words += ["-x"] if given.stop else []
    plain = [f"-pno:{name}" for name in UNNEEDED]
    plugin = Judge(show=not given.json)
    pytest.main([str(SUITE), *plain, "-oaddopts=", *words], plugins=[plugin])
    return plugin.verdicts


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, print, and return the exit status."""
    write_what_the_terminal_can_show()
    given = options(arguments)
    verdicts = judge(given)
    count = Counter(verdict.outcome for verdict in verdicts)
    if not verdicts:
        print(
            "there is nothing to judge: no claim on these transports is called so", file=sys.stderr
        )
    if given.json:
        print(json.dumps({**count, "verdicts": [asdict(verdict) for verdict in verdicts]}))
    else:
        print(", ".join(f"{count[outcome]} {outcome}" for outcome in MARKS))
    return NOTHING_JUDGED if not verdicts else int(count["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
