"""Start a check in a process of its own, and have its verdict.

The terminal and the chapter's page both come here. The file is read from the learner's disk;
nothing of it comes in or goes out with a request. The check and all that it starts form one group
of processes, and none of it outlives the call.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from tutorial.exercises.runner import judge
from tutorial.exercises.runner.catalogue import exercise
from tutorial.exercises.verdict import Failure, Verdict

SECONDS = judge.SECONDS + 10
PROJECT = Path(__file__).parents[3]


async def verdict_on(number: int, path: Path) -> Verdict:
    """Return what the check of this exercise says of the file at `path`.

    Raises: `NoSuchExercise`.
    """
    process = await asyncio.create_subprocess_exec(
        *_command(number, path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, complaint = await process.communicate()
    except TimeoutError:
        output, complaint = b"", b"it took too long"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return _read(number, output, complaint)


def _command(number: int, path: Path) -> tuple[str, ...]:
    arguments = (str(exercise(number).number), str(path.absolute()))
    return (sys.executable, "-m", "tutorial.exercises.runner.judge", *arguments)


def _read(number: int, output: bytes, complaint: bytes) -> Verdict:
    if output:
        return Verdict.from_json(json.loads(output))
    broken = complaint.decode("utf-8", "replace").strip()[-500:]
    failure = Failure("the check to come to an end", f"the check itself broke: {broken}")
    return Verdict.of_failure(number, 0.0, failure)
