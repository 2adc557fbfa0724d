"""Measured numbers: what this server costs, as the prose quotes it, read from results and never typed.

The repository carries one set of results, with the machine that they come from; `python -m tutorial measure`
makes the reader's own, in `.learner/`, and a reader's own result is preferred to ours.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

OURS = Path(__file__).parent / "measured.json"
YOURS = Path(".learner/measured.json")


class Unmeasured(LookupError):
    """The chapter names a result that nobody has measured."""


class Results:
    """All results by name, `poll.request_bytes`, each with who measured it and when."""

    def __init__(self, *files: Path) -> None:
        self._groups: dict[str, dict[str, Any]] = {}
        self._from: dict[str, str] = {}
        self.shown_groups: dict[str, None] = {}  # in the order in which they were shown
        for file in files or (OURS, YOURS):
            self._take(file)

    def _take(self, file: Path) -> None:
        if not file.exists():
            return
        whose = "on this machine" if file == YOURS else "by this project"
        for group, measurement in json.loads(file.read_text("utf-8")).items():
            self._groups[group] = self._groups.get(group, {}) | measurement["values"]
            self._from[group] = f"measured {whose}, {measurement['when']}, {measurement['machine']}"

    def value(self, name: str) -> float:
        """Return the bare number. Raises: Unmeasured."""
        group, _, member = name.partition(".")
        if member not in self._groups.get(group, {}):
            raise Unmeasured(f"no result is called “{name}”")
        value: float = self._groups[group][member]
        return value

    def source(self, group: str) -> str:
        """Return who measured a group, when, and on what."""
        return self._from[group]

    def shown(self, name: str, unit: str = "", *, scale: float = 1.0, digits: int = 0) -> Markup:
        """Return the number as prose shows it, as a link to where it comes from (see `sources`)."""
        value = self.value(name) * scale
        group = name.partition(".")[0]
        text = f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−") + (
            f"\u00a0{unit}" if unit else ""
        )
        self.shown_groups[group] = None
        number = Markup('<a class="measured" href="#measured-{}"><data value="{:g}">{}</data></a>')
        return number.format(group, value, text)

    def sources(self) -> Markup:
        """Return a list of where the numbers come from that were shown, to be read without a mouse too."""
        if not self.shown_groups:
            return Markup("")
        item = Markup(
            '<li id="measured-{0}"><strong>{0}</strong>: {1}. To measure it again: <code>'
        )
        command = Markup("python -m tutorial measure {}</code></li>\n")
        items = [item.format(g, self._from[g]) + command.format(g) for g in self.shown_groups]
        section = '<section class="sources"><h2 id="{0}">Where the numbers come from</h2>\n<ul>\n{1}</ul></section>\n'
        return Markup(section).format("where-the-numbers-come-from", Markup("").join(items))
