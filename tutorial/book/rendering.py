"""Rendering: a chapter as HTML. Jinja2 runs first and knows the words of `Quotations`; then Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from jinja2 import Environment, StrictUndefined
from markdown_it.token import Token
from markupsafe import Markup

from tutorial.book.chapters import Chapter
from tutorial.book.markdown import make_markdown
from tutorial.book.quotations import Quotations

_SLOT = re.compile(r"<p>\x02(\d+)\x03</p>\n?|\x02(\d+)\x03")


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's heading, and its anchor."""

    anchor: str
    text: str
    level: int


@dataclass(slots=True)
class Rendered:
    """A chapter as HTML, and what its page needs besides."""

    html: Markup
    headings: list[Heading] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)  # the custom elements in it
    quoted: set[tuple[str, str]] = field(default_factory=set)  # (path, definition)


def render(chapter: Chapter, exercise_box: Callable[[int], Markup]) -> Rendered:
    """Render a chapter. Raises: Unquotable, Unmeasured, jinja2.UndefinedError."""
    quotations = Quotations(chapter, exercise_box)
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.globals.update(quotations.words())
    text = environment.from_string(chapter.body).render()
    markdown, headings = make_markdown(), list[Heading]()
    tokens = markdown.parse(text)
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            headings.append(_anchor(token, inside))
    html = markdown.renderer.render(tokens, markdown.options, {})
    html = _SLOT.sub(lambda slot: quotations.blocks[int(slot[1] or slot[2])], html)
    return Rendered(
        Markup(html), headings, list(dict.fromkeys(quotations.elements)), quotations.quoted
    )


def _anchor(opening: Token, inside: Token) -> Heading:
    text = "".join(
        token.content for token in inside.children or [] if token.type in ("text", "code_inline")
    )
    opening.attrSet("id", anchor_of(text))
    return Heading(anchor_of(text), text, int(opening.tag[1]))


def anchor_of(heading: str) -> str:
    """Return the fragment of the address that leads to a heading."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")
