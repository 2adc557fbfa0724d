"""A verdict and a learner's progress as JSON, for a teacher's script or a CI job.

`check N --json` prints the test runner interface of Exercism, version 3
(https://exercism.org/docs/building/tooling/test-runners/interface): a check is one test.

    {"version": 3, "status": "fail", "message": null, "tests": [
      {"name": "Hold a request, release it, let it go", "status": "fail", "task_id": 4,
       "message": "Expected: …\\nGot: …\\nWhat happened: …\\nRead again: …", "output": "what it printed"}]}

`status` is "pass", "fail", or "error" when the file can't be run, with the reason in `message`. The exit
status is 0, 1 and 1. `report` prints all exercises, each with its state, its hints taken and its last
verdict, and the bets as the page has written them down.
"""

import json
from pathlib import Path
from typing import Any

from tutorial.exercises.runner.catalogue import Exercise
from tutorial.exercises.runner.workspace import Workspace
from tutorial.exercises.verdict import UNREADABLE, Verdict

MOST_OUTPUT_CHARACTERS = 500  # Exercism's own limit


def of_verdict(exercise: Exercise, verdict: Verdict) -> str:
    """Return the verdict in Exercism's format."""
    if verdict.expected == UNREADABLE:
        whole = {"version": 3, "status": "error", "message": verdict.got, "tests": []}
        return json.dumps(whole, indent=1, ensure_ascii=False)
    status = "pass" if verdict.passed else "fail"
    test: dict[str, Any] = {"name": exercise.title, "status": status, "task_id": exercise.number}
    test["message"] = None if verdict.passed else _message(verdict)
    test["output"] = (verdict.measured or verdict.printed)[-MOST_OUTPUT_CHARACTERS:] or None
    whole = {"version": 3, "status": status, "message": None, "tests": [test]}
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _message(verdict: Verdict) -> str:
    """Return what a learner reads on a terminal, a line for each part."""
    happened = "; ".join(event.text for event in verdict.timeline)
    parts = {
        "Expected": verdict.expected,
        "Got": verdict.got,
        "What happened": happened,
        "Read again": verdict.read,
    }
    return "\n".join(f"{label}: {text}" for label, text in parts.items() if text)


def of_progress(exercises: list[Exercise], workspace: Workspace) -> str:
    """Return how far the learner is, and the bets, as JSON."""
    rows = [_row(one, workspace) for one in exercises]
    whole = {"version": 1, "exercises": rows, "bets": _bets(workspace.folder / "bets.json")}
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _row(exercise: Exercise, workspace: Workspace) -> dict[str, Any]:
    progress = workspace.progress(exercise)
    row = {"number": exercise.number, "name": exercise.name, "title": exercise.title}
    return {**row, "state": progress.state, "hints": progress.hints, "last": progress.last}


def _bets(file: Path) -> Any:
    """Return the bets, by name; none when there is no such file, or it can't be read."""
    try:
        return json.loads(file.read_text("utf-8"))["bets"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
