"""Exercises that check themselves: one folder each, one runner, two ways in.

From a terminal, `main` (`python -m tutorial check 4`). From a chapter's page, `states` and
`start_check`: the page names an exercise by its number, the file is the one on the learner's disk,
and the verdict comes back as JSON.

What imports nothing of Tornado is imported at once; the rest when a check is started.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutorial.exercises.runner.catalogue import Exercise, NoSuchExercise, exercise, exercises
from tutorial.exercises.runner.workspace import FOLDER, Reached, Workspace

__all__ = [
    "FOLDER",
    "Exercise",
    "NoSuchExercise",
    "State",
    "exercises",
    "main",
    "start_check",
    "states",
]


@dataclass(frozen=True, slots=True)
class State:
    """What a page shows of one exercise: `last` verdict as JSON, `file` to edit."""

    number: int
    name: str
    title: str
    task: str
    hints: list[str]
    afterwards: str
    state: Reached
    last: dict[str, Any] | None
    file: Path


def states(folder: Path = FOLDER) -> list[State]:
    """Return how far the learner whose files are in `folder` is, by number."""
    workspace = Workspace(folder)
    return [_state(one, workspace, folder) for one in exercises()]


def _state(one: Exercise, workspace: Workspace, folder: Path) -> State:
    progress = workspace.progress(one)
    file = folder / one.file
    return State(
        one.number,
        one.name,
        one.title,
        one.task,
        one.hints,
        one.afterwards,
        progress.state,
        progress.last,
        file,
    )


async def start_check(number: int, folder: Path = FOLDER) -> dict[str, Any]:
    """Check the learner's file in a process of its own, remember the verdict and return it as JSON.

    Raises: `NoSuchExercise`.
    """
    from tutorial.exercises.runner.check_process import verdict_on

    chosen, workspace = exercise(number), Workspace(folder)
    verdict = await verdict_on(number, workspace.file(chosen))
    workspace.keep(chosen, verdict)
    return verdict.to_json()


def main(argv: Sequence[str]) -> int:
    """Run `check`, `hint`, `reset`, `solution`, `watch` or `list`, and return the exit status."""
    from tutorial.exercises.runner import commands

    return commands.main(argv)
