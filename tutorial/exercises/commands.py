"""`python -m tutorial check 4` and its siblings: the exercises from a terminal.

Exit status 0 when passed (or told), 1 when the check failed, 2 with one sentence for a command or
number that doesn't exist.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from tutorial.exercises import report
from tutorial.exercises.catalogue import Exercise, NoSuchExercise, exercise, exercises
from tutorial.exercises.desk import Desk
from tutorial.exercises.running import verdict_on

WATCH_SECONDS = 0.3


def check(chosen: Exercise, desk: Desk) -> int:
    """Check the learner's file, remember and print the verdict."""
    file = desk.file(chosen)
    verdict = asyncio.run(verdict_on(chosen.number, file))
    desk.keep(chosen, verdict)
    print(report.of_verdict(chosen, verdict, file), flush=True)
    return 0 if verdict.passed else 1


def hint(chosen: Exercise, desk: Desk) -> int:
    """Print the next hint; the last one again when all were told."""
    with desk.progressing(chosen) as progress:
        progress.hints = min(progress.hints + 1, len(chosen.hints))
        told = progress.hints
    print(f"Hint {told} of {len(chosen.hints)}: {chosen.hints[told - 1]}")
    return 0


def reset(chosen: Exercise, desk: Desk) -> int:
    """Begin again from the starter, keeping the learner's file beside it."""
    backup = desk.reset(chosen)
    print(f"{desk.file(chosen)} is the starter again. What you had is in {backup}")
    return 0


def solution(chosen: Exercise, desk: Desk) -> int:
    """Print the solution to whoever has passed, or asks twice."""
    with desk.progressing(chosen) as progress:
        progress.asked_for_solution += 1
        may_see = progress.passed or progress.asked_for_solution > 1
    if may_see:
        print(chosen.solution.read_text("utf-8"), end="")
        return 0
    print(
        f"You haven't passed exercise {chosen.number} yet. There are {len(chosen.hints)} hints "
        f"(python -m tutorial hint {chosen.number}). To see the solution all the same, ask again."
    )
    return 1


def watch(first: int, desk: Desk) -> int:
    """Check each time that the learner saves; go on to the next exercise when one is passed."""
    for chosen in exercises():
        if chosen.number >= first and not desk.progress(chosen).passed:
            _watch_one(chosen, desk)
    print("All done: every exercise is passed.")
    return 0


def _watch_one(chosen: Exercise, desk: Desk) -> None:
    file = desk.file(chosen)
    print(f"{chosen.task}\n\nSave {file} and it is checked; Ctrl-C ends.\n", flush=True)
    saved = _saved_at(file)
    while check(chosen, desk):
        while _saved_at(file) in (saved, 0):
            time.sleep(WATCH_SECONDS)
        saved = _saved_at(file)


def _saved_at(file: Path) -> int:
    """Return when the file was saved, or 0 while an editor has it away for a moment."""
    return file.stat().st_mtime_ns if file.exists() else 0


COMMANDS: dict[str, Callable[[Exercise, Desk], int]] = {
    "check": check,
    "hint": hint,
    "reset": reset,
    "solution": solution,
}


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    desk = Desk()
    try:
        asked = _parser().parse_args(argv)
        if asked.command == "list":
            print(report.of_list(exercises(), desk))
            return 0
        if asked.command == "watch":
            return watch(asked.number, desk)
        return COMMANDS[asked.command](exercise(asked.number), desk)
    except (NoSuchExercise, Misspelt) as error:
        print(error)
        return 2
    except KeyboardInterrupt:
        return 130


class Misspelt(Exception):
    """A command that can't be understood; the text says what to write."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise Misspelt(f"{message}. Write: python -m tutorial check 1")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tutorial", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__).add_argument("number", type=int)
    watching = commands.add_parser("watch", help=watch.__doc__)
    watching.add_argument("number", type=int, nargs="?", default=0)
    commands.add_parser("list", help="List the exercises and what you have passed.")
    return parser
