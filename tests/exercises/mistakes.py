"""The wrong solutions: each is a small edit of the right one, as a learner might have written it.

`wrong_solutions/NN_name.md` has a section for each mistake of an exercise: its name, what is wrong,
and in ```diff blocks what stands in `solution.py` (lines that begin with a space or `-`) and what a
learner writes instead (a space or `+`). What a block looks for must occur exactly once, so a
solution that changes can't leave its mistakes behind. The ```text block is what the learner then
reads; “⋯” stands for what may differ from one run to the next, and so does white space.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tutorial.exercises.runner import report
from tutorial.exercises.runner.catalogue import Exercise
from tutorial.exercises.verdict import Verdict

FOLDER = Path(__file__).parent / "wrong_solutions"
SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWER = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "⋯"
LEFT_OUT = ("Your file", "Stuck?", "✗ ")


@dataclass(frozen=True)
class Edit:
    """What stands in a solution, and what a learner writes instead."""

    here: str
    instead: str


@dataclass(frozen=True)
class Mistake:
    """A mistake in an exercise's solution, and what its verdict must say."""

    exercise: Exercise
    name: str
    edits: tuple[Edit, ...]
    answer: str

    def __str__(self) -> str:
        return f"{label(self.exercise)}-{self.name}"

    def matches(self, shown: str) -> bool:
        """Return whether a learner reads what is written down for this mistake."""
        parts = (" ".join(part.split()) for part in self.answer.split(ANYTHING))
        pattern = r"\s*.*?\s*".join(map(re.escape, parts))
        return re.fullmatch(pattern, " ".join(shown.split()), re.DOTALL) is not None

    def text(self) -> str:
        """Return the whole wrong solution. Raises: `AssertionError` when an edit doesn't fit."""
        text = self.exercise.solution.read_text("utf-8")
        for edit in self.edits:
            assert text.count(edit.here) == 1, f"{self}: not once in the solution:\n{edit.here}"
            text = text.replace(edit.here, edit.instead)
        return text


def label(exercise: Exercise) -> str:
    """Return the exercise's name, with the program that it is for where there are several."""
    return f"{exercise.name}-{exercise.program}".rstrip("-")


def mistakes_in(exercise: Exercise) -> list[Mistake]:
    """Return the mistakes that are written down for this exercise, in the order of the file."""
    text = (FOLDER / f"{label(exercise)}.md").read_text("utf-8")
    return [_mistake(exercise, *section.groups()) for section in SECTION.finditer(text)]


def _mistake(exercise: Exercise, name: str, section: str) -> Mistake:
    edits = tuple(_edit(block) for block in BLOCK.findall(section))
    [answer] = ANSWER.findall(section)
    return Mistake(exercise, name, edits, answer)


def shown(exercise: Exercise, verdict: Verdict) -> str:
    """Return what a learner reads of this verdict, without what is the same for all."""
    lines = report.of_verdict(exercise, verdict, Path("file")).splitlines()
    return "\n".join(line for line in lines if not line.strip().startswith(LEFT_OUT))


def _edit(block: str) -> Edit:
    lines = [" \n" if line == "\n" else line for line in block.splitlines(keepends=True)]
    here = "".join(line[1:] for line in lines if line[0] in " -")
    instead = "".join(line[1:] for line in lines if line[0] in " +")
    assert here, f"nothing to find the place by:\n{block}"
    return Edit(here, instead)
