"""The learner's workspace: a folder with their files, and what they have reached so far.

`.learner/04_hold.py` is copied from the starter when it is first asked for; a reset keeps what was
there. Progress is one JSON file, replaced as a whole, so that neither a crash nor a check from the
page beside one in the terminal can leave half of it.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tutorial.exercises.runner.catalogue import Exercise, exercises
from tutorial.exercises.verdict import Verdict

FOLDER = Path(".learner")

Reached = Literal["new", "tried", "passed", "passed-before"]


@dataclass(slots=True)
class Progress:
    """How far one exercise is: the last verdict, and what was looked at."""

    passed: bool = False
    hints: int = 0
    asked_for_solution: int = 0
    last: dict[str, Any] | None = None

    @property
    def state(self) -> Reached:
        """One word for the list of exercises."""
        if self.passed:
            return "passed" if self.last and self.last["passed"] else "passed-before"
        return "tried" if self.last else "new"


class Workspace:
    """Where the learner works, in the folder given or in `.learner` of the current one."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def file(self, exercise: Exercise) -> Path:
        """Return the learner's file, copied from the starter if there is none yet."""
        path = self._path(exercise)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(exercise.starter, path)
        return path

    def has(self, exercise: Exercise) -> bool:
        """Return whether the learner's file is there already."""
        return self._path(exercise).exists()

    def _path(self, exercise: Exercise) -> Path:
        return self.folder / exercise.file

    def reset(self, exercise: Exercise) -> Path:
        """Put the starter back, forget the last verdict and return where the file is kept."""
        path = self.file(exercise)
        backup = self._unused_name(exercise)
        path.rename(backup)
        self.file(exercise)
        with self.progressing(exercise) as progress:
            progress.last = None
        return backup

    def _unused_name(self, exercise: Exercise) -> Path:
        number, file = 1, Path(exercise.file)
        while (name := self.folder / f"{file.stem}.before-reset-{number}{file.suffix}").exists():
            number += 1
        return name

    def progress(self, exercise: Exercise) -> Progress:
        """Return how far the learner is with this exercise."""
        return Progress(**self._read().get(exercise.name, {}))

    def first_to_pass(self) -> Exercise | None:
        """Return the first exercise that was never passed, or None."""
        return next((one for one in exercises() if not self.progress(one).passed), None)

    @contextmanager
    def progressing(self, exercise: Exercise) -> Iterator[Progress]:
        """Yield the progress to change; it is written when the block ends."""
        with self._locked():
            everything = self._read()
            progress = Progress(**everything.get(exercise.name, {}))
            yield progress
            everything[exercise.name] = asdict(progress)
            self._write(everything)

    def keep(self, exercise: Exercise, verdict: Verdict) -> None:
        """Remember this verdict; what was passed once stays passed."""
        with self.progressing(exercise) as progress:
            progress.last = verdict.to_json()
            progress.passed = progress.passed or verdict.passed

    def last_verdict(self, exercise: Exercise) -> Verdict | None:
        """Return what the last check said, or None before the first one."""
        last = self.progress(exercise).last
        return Verdict.from_json(last) if last else None

    @property
    def _progress_file(self) -> Path:
        return self.folder / "progress.json"

    def _read(self) -> dict[str, Any]:
        try:
            data = json.loads(self._progress_file.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def _write(self, everything: dict[str, Any]) -> None:
        fresh = self._progress_file.with_suffix(".new")
        fresh.write_text(json.dumps(everything, indent=1), "utf-8")
        os.replace(fresh, self._progress_file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "progress.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
