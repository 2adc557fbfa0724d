"""Progress: where a run is, for the process that started it, and for others through a file.

The site starts `python -m loadtests` in a process of its own, and shows what `progress` returns.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.results.files import FOLDER, PROGRESS, replace


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run is. `seconds_left` is an estimate; `now` says in words what is being done."""

    done: int
    of: int
    now: str
    seconds_left: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def note_progress(step: Step, folder: Path = FOLDER) -> None:
    """Write where a run is into `progress.json`, for `progress` to read in another process."""
    replace(folder / PROGRESS, json.dumps({**step.to_json(), "process": os.getpid()}))


def progress(folder: Path = FOLDER) -> Step | None:
    """Return where the run that writes to `folder` is; None when none is running."""
    try:
        noted = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        os.kill(noted.pop("process"), 0)  # raises when there is no such process
        return Step(**noted)
    except (OSError, ValueError, KeyError, TypeError):
        return None
