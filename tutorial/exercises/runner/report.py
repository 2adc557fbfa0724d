"""How a verdict, the list of exercises and a hint read on a terminal."""

import re
import textwrap
from pathlib import Path

from tutorial.exercises.runner.catalogue import Exercise
from tutorial.exercises.runner.workspace import Reached, Workspace
from tutorial.exercises.verdict import Event, Verdict

WIDTH = 96
LABEL_WIDTH = 12
MARKS = {"passed": "✓", "passed-before": "✓", "tried": "·", "new": " "}
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def of_verdict(exercise: Exercise, verdict: Verdict, judged: Path | str) -> str:
    """Return the verdict as a paragraph or, when it failed, as what to look at next; `judged`: a file or a command."""
    if verdict.passed:
        measured = _item("Measured", verdict.measured)
        passed = f"✓ {exercise.title}: passed in {verdict.seconds:.1f} s\n{measured}"
        return f"{passed}\n\n{exercise.afterwards}".rstrip()
    lines = [
        f"✗ {exercise.title}: not yet",
        _item("Expected", verdict.expected),
        _item("Got", verdict.got),
        *_timeline(verdict.timeline),
        *_printed(verdict.printed),
        _item("Read again", f"chapter {exercise.number}, “{verdict.read}”") if verdict.read else "",
        _item("Your file" if isinstance(judged, Path) else "Your server", str(judged)),
        _item("Stuck?", f"python -m tutorial hint {exercise.number}"),
    ]
    return "\n".join(line for line in lines if line)


def of_list(exercises: list[Exercise], workspace: Workspace) -> str:
    """Return one line for each exercise, passed or not, number, title; then what is next."""
    rows = [_row(one, workspace.progress(one).state) for one in exercises]
    note = "An exercise has its chapter’s number."
    return "\n".join([*rows, note, of_reached(exercises, workspace)])


def _row(exercise: Exercise, state: Reached) -> str:
    before = " (passed before)" if state == "passed-before" else ""
    return f"{MARKS[state]} {exercise.number:2}  {exercise.title}{before}"


def of_reached(exercises: list[Exercise], workspace: Workspace) -> str:
    """Return how many exercises are passed, and how to check the first that isn't."""
    passed = sum(workspace.progress(one).passed for one in exercises)
    following = workspace.first_to_pass()
    next_one = f" Check the next: python -m tutorial check {following.number}" if following else ""
    return f"{passed} of {len(exercises)} passed.{next_one}"


def of_hint(exercise: Exercise, number: int) -> str:
    """Return the hint of this number, counted from 1, its code indented."""
    hint = FENCED.sub(lambda fenced: textwrap.indent(fenced[1], "    "), exercise.hints[number - 1])
    return f"Hint {number} of {len(exercise.hints)}:\n\n{hint.rstrip()}"


def _item(label: str, text: str) -> str:
    indent = "  " + " " * LABEL_WIDTH
    first = f"  {label:<{LABEL_WIDTH}}"
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=indent)


def _timeline(events: tuple[Event, ...]) -> list[str]:
    lines = [f"    {_clock(event.seconds)}  {event.text}" for event in events]
    return ["  What happened", *lines] if lines else []


def _clock(seconds: float | None) -> str:
    return "    " if seconds is None else f"{seconds:7.3f} s"


def _printed(text: str) -> list[str]:
    lines = [f"    {line}" for line in text.splitlines()]
    return ["  It printed", *lines] if lines else []
