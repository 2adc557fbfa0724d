"""How a verdict, the list of exercises and a hint read on a terminal."""

import textwrap
from pathlib import Path

from tutorial.exercises.catalogue import Exercise
from tutorial.exercises.desk import Desk
from tutorial.exercises.verdict import Event, Verdict

WIDTH = 96
LABEL_WIDTH = 12
MARKS = {"passed": "✓", "tried": "·", "new": " "}


def of_verdict(exercise: Exercise, verdict: Verdict, file: Path) -> str:
    """Return the verdict as a paragraph or, when it failed, as what to look at next."""
    if verdict.passed:
        measured = _item("Measured", verdict.measured)
        return f"✓ {exercise.title}: passed in {verdict.seconds:.1f} s\n{measured}"
    lines = [
        f"✗ {exercise.title}: not yet",
        _item("Expected", verdict.expected),
        _item("Got", verdict.got),
        *_timeline(verdict.timeline),
        *_printed(verdict.printed),
        _item("Read again", f"chapter {exercise.number}, “{verdict.read}”") if verdict.read else "",
        _item("Your file", str(file)),
        _item("Stuck?", f"python -m tutorial hint {exercise.number}"),
    ]
    return "\n".join(line for line in lines if line)


def of_list(exercises: list[Exercise], desk: Desk) -> str:
    """Return one line for each exercise: passed or not, number, title."""
    rows = [f"{MARKS[desk.progress(one).state]} {one.number:2}  {one.title}" for one in exercises]
    passed = sum(desk.progress(one).passed for one in exercises)
    told = f"{passed} of {len(rows)} passed. Check one: python -m tutorial check 1"
    return "\n".join([*rows, told])


def _item(label: str, text: str) -> str:
    indent = "  " + " " * LABEL_WIDTH
    first = f"  {label:<{LABEL_WIDTH}}"
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=indent)


def _timeline(events: tuple[Event, ...]) -> list[str]:
    lines = [f"    {_clock(event.seconds)}  {event.text}" for event in events]
    return ["  Timeline", *lines] if lines else []


def _clock(seconds: float | None) -> str:
    return "    " if seconds is None else f"{seconds:7.3f} s"


def _printed(text: str) -> list[str]:
    lines = [f"    {line[:WIDTH]}" for line in text.splitlines()]
    return ["  It printed", *lines] if lines else []
