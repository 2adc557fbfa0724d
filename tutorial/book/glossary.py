"""Glossary: the terms that the chapters define, each with a link to the section where it is bold.

A chapter makes a term bold where it says what the term means. Listed here are only the bold words that are no terms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutorial.book.chapters import Chapter
from tutorial.book.markdown import anchor_of

_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_SECTIONS = re.compile(r"^## (.+)$", re.MULTILINE)
_LEAD = re.compile(r"\s*(?:-|\d\.|\|.*)\s*")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[A-Z“\"*])")
_WORDS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_POINTING = ("This ", "That ", "Such ", "We call this")
MOST_WORDS = 4
# Bold in a sentence, and no term of the field: a letter, an emphasis, a chapter's own list.
NO_TERMS = frozenset(
    {
        *(
            "n",
            "reads",
            "posts",
            "socket",
            "script",
            "send",
            "ahead",
            "refused",
            "unreachable",
            "closed",
        ),
        *(
            "listeners.",
            "mailboxes.",
            "another log",
            "the battery",
            "when the token expires",
            "site",
        ),
        *("short polling", "long polling", "trimmed"),
    }
)


@dataclass(frozen=True, slots=True)
class Term:
    """One term: where it is defined, and the sentence that does so."""

    name: str
    chapter: int
    section: str  # empty: before the first heading
    sentence: str

    @property
    def address(self) -> str:
        """The link to the section."""
        anchor = f"#{anchor_of(self.section)}" if self.section else ""
        return f"/chapters/{self.chapter:02}{anchor}"


def glossary(chapters: list[Chapter]) -> list[Term]:
    """Return every term by name, as it is defined first."""
    found: dict[str, Term] = {}
    for chapter in chapters:
        for section, text in _sections(chapter.body):
            for term in _terms(chapter.number, section, text):
                found.setdefault(term.name.lower().removesuffix("s"), term)
    return sorted(found.values(), key=lambda term: term.name.lower())


def _sections(body: str) -> list[tuple[str, str]]:
    first, *rest = _SECTIONS.split(body)
    return [("", first), *zip(rest[::2], rest[1::2], strict=True)]


def _terms(number: int, section: str, text: str) -> list[Term]:
    terms = []
    for paragraph in re.split(r"\n\s*\n|\n(?=- |\d\. )", _WORDS.sub("…", text)):
        for bold in _BOLD.finditer(paragraph):
            name = " ".join(bold[1].split())
            lead = paragraph[: bold.start()].rpartition("\n")[2]
            if _LEAD.fullmatch(lead) or name.lower() in NO_TERMS or len(name.split()) > MOST_WORDS:
                continue
            terms.append(Term(name, number, section, _definition(paragraph, bold)))
    return terms


def _definition(paragraph: str, bold: re.Match[str]) -> str:
    """Return the sentence around a bold word, without marks; what “This” points to stands before it."""
    sentences = _SENTENCE.split(" ".join(paragraph.split()).removeprefix("- "))
    place = next(i for i, s in enumerate(sentences) if " ".join(bold[0].split()) in s)
    pointing = place > 0 and sentences[place].startswith(_POINTING)
    whole = " ".join(sentences[place - pointing : place + 1])
    return re.sub(r"[*`]", "", _LINK.sub(r"\1", whole[0].upper() + whole[1:]))
