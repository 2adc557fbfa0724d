"""The process of one check: run it within its time, and print the verdict as one line of JSON.

It stands apart from the site and the terminal so that both can start it, and so that whatever a
learner's file does to a machine, it does here: no core dumps, at most `DATA_BYTES` of memory, and
a group of processes that `start_check` kills as a whole.
"""

import asyncio
import json
import random
import resource
import sys
import time
from pathlib import Path

from tutorial.exercises.runner.catalogue import Exercise, exercise
from tutorial.exercises.sandbox.idle_loop import IdleLoop
from tutorial.exercises.sandbox.loading import load
from tutorial.exercises.verdict import Failure, Verdict

SECONDS = 240  # each step has a bound of its own: this one is for a fault in the check
SEED = 20
DATA_BYTES = 1024**3


def main(number: str, path: str) -> None:
    """Judge the file at `path` as an answer to this exercise."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
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


if __name__ == "__main__":
    main(*sys.argv[1:])
