"""`python -m tutorial check 4` and its siblings: the exercises from a terminal.

Exit status 0 when passed or printed, 1 when the check failed, 2 with one sentence for a command or
number that doesn't exist.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from tutorial.exercises.runner import machine_report, report
from tutorial.exercises.runner.catalogue import Exercise, NoSuchExercise, exercise, exercises
from tutorial.exercises.runner.check_process import verdict_on
from tutorial.exercises.runner.server_check import takes_server, verdict_on_server
from tutorial.exercises.runner.workspace import Workspace
from tutorial.exercises.verdict import Verdict

WATCH_SECONDS = 0.3


def check_as_json(chosen: Exercise, workspace: Workspace, server: str | None = None) -> int:
    """Check the learner's file, remember the verdict and print it as Exercism's test runners do."""
    verdict = _judged(chosen, workspace, server or workspace.file(chosen))
    print(machine_report.of_verdict(chosen, verdict))
    return 0 if verdict.passed else 1


def _judged(chosen: Exercise, workspace: Workspace, judged: Path | str) -> Verdict:
    """Return the verdict on a file, or on the server that a command starts, and remember it."""
    if isinstance(judged, Path):
        verdict = asyncio.run(verdict_on(chosen.number, judged))
    else:
        verdict = verdict_on_server(chosen, judged)
    workspace.keep(chosen, verdict)
    return verdict


def check(chosen: Exercise, workspace: Workspace, server: str | None = None) -> int:
    """Check the learner's file, or the server that a command starts; remember and print the verdict."""
    judged = server or _file(chosen, workspace)
    verdict = _judged(chosen, workspace, judged)
    print(report.of_verdict(chosen, verdict, judged), flush=True)
    return 0 if verdict.passed else 1


def _file(chosen: Exercise, workspace: Workspace) -> Path:
    """Return the learner's file; say where it is when this makes it."""
    made = not workspace.has(chosen)
    file = workspace.file(chosen)
    if made:
        print(f"{file.absolute()} is new: the starter, for you to finish.\n", flush=True)
    return file


def hint(chosen: Exercise, workspace: Workspace) -> int:
    """Print the next hint; the last one again when all were shown."""
    with workspace.progressing(chosen) as progress:
        progress.hints = min(progress.hints + 1, len(chosen.hints))
        number = progress.hints
    print(report.of_hint(chosen, number))
    return 0


def reset(chosen: Exercise, workspace: Workspace) -> int:
    """Begin again from the starter, keeping the learner's file beside it."""
    backup = workspace.reset(chosen)
    print(f"{workspace.file(chosen)} is the starter again. What you had is in {backup}")
    return 0


def solution(chosen: Exercise, workspace: Workspace) -> int:
    """Print the solution to a learner who has passed, or asks twice."""
    with workspace.progressing(chosen) as progress:
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


def watch(number: int | None, workspace: Workspace) -> int:
    """Check each time that the learner saves; go on to the next exercise when one is passed."""
    if number is not None:
        _watch_one(exercise(number), workspace, stay=True)
    for chosen in exercises():
        if chosen.number >= (number or 0) and not workspace.progress(chosen).passed:
            _watch_one(chosen, workspace)
    print(report.of_reached(exercises(), workspace))
    return 0


def _watch_one(chosen: Exercise, workspace: Workspace, *, stay: bool = False) -> None:
    """Return when a file that failed passes; unless this is to `stay`, one that passes at once."""
    file = _file(chosen, workspace)
    print(f"{chosen.task}\n\nSave {file} and it is checked; Ctrl-C ends.\n", flush=True)
    saved, passed = _saved_at(file), stay
    while True:
        before, passed = passed, check(chosen, workspace) == 0
        if passed and not before:
            return
        while _saved_at(file) in (saved, 0):
            time.sleep(WATCH_SECONDS)
        saved = _saved_at(file)


def _saved_at(file: Path) -> int:
    """Return when the file was saved, or 0 while an editor has it away for a moment."""
    return file.stat().st_mtime_ns if file.exists() else 0


COMMANDS: dict[str, Callable[[Exercise, Workspace], int]] = {
    "hint": hint,
    "reset": reset,
    "solution": solution,
}


LISTS: dict[str, Callable[[list[Exercise], Workspace], str]] = {
    "list": report.of_list,
    "report": machine_report.of_progress,
}


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit status; `argv[0]` is its name."""
    workspace = Workspace()
    try:
        asked = _parser().parse_args(argv)
        if asked.command in LISTS:
            print(LISTS[asked.command](exercises(), workspace))
            return 0
        if asked.command == "watch":
            return watch(asked.number, workspace)
        chosen = exercise(asked.number)
        if asked.command in COMMANDS:
            chosen = chosen.written_for(asked.program) if asked.program else chosen
            return COMMANDS[asked.command](chosen, workspace)
        if asked.serve and not takes_server(chosen):
            raise Misspelt(f"exercise {chosen.number} judges your file, no server")
        return (check_as_json if asked.json else check)(chosen, workspace, asked.serve)
    except NoSuchExercise as error:
        print(error)
        return 2
    except Misspelt as error:
        print(f"{error}. Write: python -m tutorial {_example(argv[0], workspace)}")
        return 2
    except KeyboardInterrupt:
        return 130


def _example(command: str, workspace: Workspace) -> str:
    """Return the command as it is written, for the first exercise that isn't passed."""
    if command in LISTS:
        return command
    return f"{command} {(workspace.first_to_pass() or exercises()[0]).number}"


class Misspelt(Exception):
    """A command that can't be understood; the text says why."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise Misspelt(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tutorial", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help=check.__doc__)
    checking.add_argument("--json", action="store_true", help=check_as_json.__doc__)
    checking.add_argument("--serve", help="a command, with {port} in it, that starts your server")
    for name, command in COMMANDS.items():
        naming = commands.add_parser(name, help=command.__doc__)
        naming.add_argument("number", type=int)
        naming.add_argument("--for", dest="program", help="another program: reset 12 --for haproxy")
    checking.add_argument("number", type=int)
    watching = commands.add_parser("watch", help=watch.__doc__)
    watching.add_argument("number", type=int, nargs="?")
    commands.add_parser("list", help="List the exercises and what you have passed.")
    commands.add_parser("report", help="Print your progress and your bets as JSON.")
    return parser
