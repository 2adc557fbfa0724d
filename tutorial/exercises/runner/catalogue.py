"""The exercises that there are: one folder each, found by its number.

A folder `NN_name/` holds `starter.py` (its docstring is the task, and that docstring's first line
the title), `solution.py`, `check.py`, `hints.md` with three hints, and perhaps `afterwards.md`: what
to do with the file when it has passed. An exercise in another language has a starter and a solution
with that language's suffix; its task is the comment at the top. A folder within the folder, with a
starter and a solution of its own, is the same exercise for another program, such as `haproxy`.
Nothing else lists the exercises: a new folder is a new exercise.
"""

import ast
import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).parents[1]


class NoSuchExercise(LookupError):
    """No exercise has this number, or is for this program; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise: its chapter's number, and the folder that holds its files."""

    number: int
    folder: Path
    program: str = ""  # that the learner's file is for, where there are several

    @property
    def name(self) -> str:
        """The folder's name, `04_hold`: also the stem of the learner's file."""
        return self.folder.name

    @property
    def file(self) -> str:
        """The name of the learner's file, `04_hold.py`."""
        return f"{self.name}{self.starter.suffix}"

    @property
    def starter(self) -> Path:
        """The file that the learner begins with."""
        return next((self.folder / self.program).glob("starter.*"))

    @property
    def solution(self) -> Path:
        """The file that the learner may look at in the end."""
        return self.starter.with_stem("solution")

    @property
    def programs(self) -> list[str]:
        """The other programs that the learner's file may be for."""
        return sorted(starter.parent.name for starter in self.folder.glob("*/starter.*"))

    def written_for(self, program: str) -> "Exercise":
        """Return the same exercise for another program. Raises: `NoSuchExercise`."""
        if program not in self.programs:
            others = " or write ".join(
                ["leave --for out", *(f"--for {one}" for one in self.programs)]
            )
            raise NoSuchExercise(f"Exercise {self.number} is not for {program}: {others}.")
        return replace(self, program=program)

    @property
    def check(self) -> Path:
        """The file that distinguishes a right answer from a wrong one."""
        return self.folder / "check.py"

    @property
    def task(self) -> str:
        """What there is to do, title first, in Markdown."""
        text = self.starter.read_text("utf-8")
        if self.starter.suffix == ".py":
            return ast.get_docstring(ast.parse(text)) or ""
        comment = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
        return "\n".join(line.removeprefix("#").removeprefix(" ") for line in comment)

    @property
    def title(self) -> str:
        """The task's first line, without its full stop."""
        return self.task.partition("\n")[0].rstrip(".")

    @property
    def hints(self) -> list[str]:
        """The hints in Markdown, the gentlest first."""
        text = (self.folder / "hints.md").read_text("utf-8")
        return [hint.strip() for hint in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]]

    @property
    def afterwards(self) -> str:
        """What to do with a file that has passed, in Markdown; "" where there is nothing."""
        file = self.folder / "afterwards.md"
        return file.read_text("utf-8").strip() if file.exists() else ""


def exercises() -> list[Exercise]:
    """Return all exercises, by number."""
    folders = sorted(starter.parent for starter in FOLDER.glob("[0-9][0-9]_*/starter.*"))
    return [Exercise(int(folder.name[:2]), folder) for folder in folders]


def exercise(number: int) -> Exercise:
    """Return the exercise of this chapter.

    Raises: `NoSuchExercise`.
    """
    found = {one.number: one for one in exercises()}
    if number not in found:
        numbers = ", ".join(map(str, found))
        raise NoSuchExercise(f"There is no exercise {number}. There are {numbers}.")
    return found[number]
