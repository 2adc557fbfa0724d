"""The process in which the learner's file runs, with one line to the judge.

`serve` runs the file as the program that it is. `drive` imports the file and hands it to
`drive(learner, report)` of the exercise's check, which calls its functions. Either way on real time
or on the judge's: see `held_clock`.

Stray prints go elsewhere: nothing but the judge's own line carries results.
"""

import json
import random
import runpy
import socket
import sys
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox import held_clock
from tutorial.exercises.sandbox.loading import load
from tutorial.exercises.verdict import Failure

SEED = 20


def main(line_number: int, mode: str, clock: str, path: str, *arguments: str) -> None:
    """Run the learner's file in this process, for as long as it runs."""
    line = socket.socket(fileno=line_number)
    random.seed(SEED)
    if clock == "held":
        held_clock.install(line)
    if mode == "serve":
        sys.argv = [path, *arguments]
        runpy.run_path(path, run_name="__main__")
    else:
        _drive(line, path, *arguments)


class Names(dict[str, Any]):
    """What the learner's file defines."""

    def __missing__(self, name: str) -> None:
        raise NameError(f"your file defines no {name!r}")


def _drive(line: socket.socket, path: str, check: str, *arguments: str) -> None:
    def report(record: dict[str, Any]) -> None:
        blocking = line.getblocking()
        line.setblocking(True)
        line.sendall(json.dumps(record).encode() + b"\n")
        line.setblocking(blocking)

    module = load(Path(check))
    if prepare := getattr(module, "prepare", None):
        prepare()
    learner = Names(runpy.run_path(path, run_name="learner"))
    try:
        module.drive(learner, report, *arguments)
    except Failure as failure:
        report({"failure": failure.to_json()})
    report({"done": True})
