"""The process in which the learner's file runs, with one line to the judge.

`serve` runs the file as the program that it is, and answers the judge's question "how are you?"
from a thread beside it: futures that are alive, wake-ups, processor time. A file that leaks or
spins can thus be told from one that holds, without asking it for a function that says so. `drive`
imports the file and hands it to `drive(learner, report)` of the exercise's check, which calls its
functions.

Stray prints go elsewhere: nothing but the judge's own line carries results.
"""

import asyncio
import gc
import json
import resource
import runpy
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from tutorial.exercises.sandbox.loading import load


def main(mode: str, line_number: str, path: str, *arguments: str) -> None:
    """Run the learner's file in this process, for as long as it runs."""
    line = socket.socket(fileno=int(line_number)).makefile("rw", encoding="utf-8")
    if mode == "serve":
        threading.Thread(target=_answer, args=(line,), daemon=True).start()
        sys.argv = [path, *arguments]
        runpy.run_path(path, run_name="__main__")
    else:
        _drive(line, path, *arguments)


class Names(dict[str, Any]):
    """What the learner's file defines."""

    def __missing__(self, name: str) -> None:
        raise NameError(f"your file defines no {name!r}")


def _drive(line: TextIO, path: str, check: str, *arguments: str) -> None:
    def report(record: dict[str, Any]) -> None:
        print(json.dumps(record), file=line, flush=True)

    learner = Names(runpy.run_path(path, run_name="learner"))
    load(Path(check)).drive(learner, report, *arguments)
    report({"done": True})


def _answer(line: TextIO) -> None:
    for _ in line:
        print(json.dumps(_vitals()), file=line, flush=True)


def _vitals() -> dict[str, float]:
    gc.collect()
    futures = sum(issubclass(type(thing), asyncio.Future) for thing in gc.get_objects())
    wakeups = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    return {"futures": futures, "wakeups": wakeups, "cpu_seconds": time.process_time()}


if __name__ == "__main__":
    main(*sys.argv[1:])
