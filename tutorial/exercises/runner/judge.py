"""The process of one check: run it within its time, and print the verdict as one line of JSON.

It stands apart from the site and the terminal so that both can start it, and so that whatever a
learner's file does to a machine, it does here: in a group of processes that is killed as a whole.
"""

import asyncio
import json
import random
import socket
import time
from pathlib import Path

from tutorial.exercises.runner.catalogue import Exercise, exercise
from tutorial.exercises.sandbox import forking
from tutorial.exercises.sandbox.idle_loop import IdleLoop
from tutorial.exercises.sandbox.loading import load
from tutorial.exercises.verdict import Failure, Verdict

SECONDS = 240  # each step has a bound of its own: this one is for a fault in the check
SEED = 20


def main(requests_number: int, number: str, path: str) -> None:
    """Judge the file at `path` as an answer to this exercise."""
    forking.use(socket.socket(fileno=requests_number))
    random.seed(SEED)
    with asyncio.Runner(loop_factory=IdleLoop) as runner:
        verdict = runner.run(judge(exercise(int(number)), Path(path)))
    print(json.dumps(verdict.to_json()))


async def judge(chosen: Exercise, path: Path) -> Verdict:
    """Return what the exercise's check says of this file, within `SECONDS`."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            measured = await load(chosen.check).check(path)
    except TimeoutError:
        late = Failure(f"to be done within {SECONDS} s", "your program still runs; it was ended")
        return Verdict.of_failure(chosen.number, time.monotonic() - began, late)
    except Failure as failure:
        return Verdict.of_failure(chosen.number, time.monotonic() - began, failure)
    return Verdict(chosen.number, True, time.monotonic() - began, measured=measured)
