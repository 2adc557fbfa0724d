"""Check a server in any language: a command starts it, and the conformance suite judges it by its address.

Only a contract that is spoken over HTTP can be judged so; the check of such an exercise names the transports in
`SERVED`. The suite runs in a process of its own, which ends the server.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tutorial.exercises.runner.catalogue import Exercise
from tutorial.exercises.sandbox.loading import load
from tutorial.exercises.verdict import Failure, Verdict

PROJECT = Path(__file__).parents[3]
READ = "One suite for every transport"
NEEDED = "what pip install -e '.[dev]' installs"
SHOWN_CHARACTERS = 300
NOTHING_JUDGED = 2  # the suite’s exit status, with a sentence why


def takes_server(chosen: Exercise) -> bool:
    """Return whether this exercise can be answered by a server of one’s own."""
    return hasattr(load(chosen.check), "SERVED")


def verdict_on_server(chosen: Exercise, command: str) -> Verdict:
    """Return what the suite says of the server that this command starts; `{port}` in it is where to listen."""
    began = time.monotonic()
    try:
        measured = _judged(command, load(chosen.check).SERVED)
    except Failure as failure:
        return Verdict.of_failure(chosen.number, time.monotonic() - began, failure)
    return Verdict(chosen.number, True, time.monotonic() - began, measured=measured)


def _judged(command: str, transports: str) -> str:
    """Return how many claims hold. Raises: Failure, for the first that doesn’t."""
    if "{port}" not in command:
        raise Failure("{port} in the command: where your server is to listen", command)
    options = [f"--serve={command}", f"--transports={transports}", "--json", "--stop"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.conformance", *options],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as suite:
        output, complaint = suite.communicate()
    if suite.returncode == NOTHING_JUDGED and not output:
        raise Failure("a command that starts your server", complaint)
    if not output.startswith("{"):
        raise Failure(f"the suite to come to an end, with {NEEDED}", complaint[-SHOWN_CHARACTERS:])
    return _read(json.loads(output), transports)


def _read(result: dict[str, Any], transports: str) -> str:
    for verdict in result["verdicts"]:
        if verdict["outcome"] == "failed":
            expected = f"“{verdict['claim']}” ({verdict['case'] or transports})"
            if verdict["expected"] != verdict["claim"]:
                expected += f": {verdict['expected']}"
            raise Failure(
                f"{expected}. The contract: {verdict['contract']}", verdict["came"], read=READ
            )
    held, skipped = result.get("passed", 0), result.get("skipped", 0)
    return f"{held} cases of the suite pass by your server’s address; {skipped} are skipped"
