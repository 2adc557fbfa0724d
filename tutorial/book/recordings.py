"""Recorded runs: what an experiment showed when it was run, for readers without scripts.

They are made by a command, `python -m tests.support.recordings`, with their date and machine, and never typed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parents[1] / "templates" / "recorded"


@cache
def recording(name: str) -> Markup:
    """Return the recorded run of an experiment as HTML; empty: there is none."""
    file = FOLDER / f"{name}.html"
    if not file.exists():
        return Markup("")
    return Markup('<div class="recorded">{}</div>').format(Markup(file.read_text("utf-8").strip()))
