"""Chapters: the book's files, `chapters/NN_name.md`, each readable on its own, with a title and a question in front."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CHAPTERS = Path(__file__).parents[1] / "chapters"
_FRONT = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)


class NoSuchChapter(LookupError):
    """No chapter has that number."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter's file. `title` and `question` stand in its front matter."""

    number: int
    stem: str
    title: str
    question: str
    body: str

    @property
    def path(self) -> str:
        """Its address, which stays."""
        return f"/chapters/{self.number:02}"

    @property
    def bets(self) -> int:
        """How many bets it asks for."""
        return self.body.count("{{ bet(")

    @classmethod
    def read(cls, file: Path) -> Chapter:
        """Read a chapter's file. Raises: ValueError, when its front matter isn't as it must be."""
        front = _FRONT.fullmatch(file.read_text("utf-8"))
        if front is None:
            raise ValueError(f"{file.name} must begin with title: and question: between two ---")
        fields = dict(line.split(": ", 1) for line in front[1].splitlines())
        title, question = (fields[name].replace("'", "’") for name in ("title", "question"))
        return cls(int(file.stem[:2]), file.stem, title, question, front[2])


def chapters(folder: Path = CHAPTERS) -> list[Chapter]:
    """Return all chapters, in order."""
    return [Chapter.read(file) for file in sorted(folder.glob("[0-9][0-9]_*.md"))]


def chapter(number: int, folder: Path = CHAPTERS) -> Chapter:
    """Return the chapter of that number. Raises: NoSuchChapter."""
    found = [Chapter.read(file) for file in folder.glob(f"{number:02}_*.md")]
    if len(found) != 1:
        raise NoSuchChapter(number)
    return found[0]
