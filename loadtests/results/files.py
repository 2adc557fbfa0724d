"""Files: what a run leaves in its folder. Each is there whole or not at all, also for a page that reads meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path("results")
RESULTS = "results.json"
REPORT = "report.html"
PROGRESS = "progress.json"


def replace(file: Path, text: str) -> None:
    """Put `text` into a file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
