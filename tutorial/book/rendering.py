"""Rendering: a chapter as HTML. Jinja2 runs first and knows the words of `Quotations`; then Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tutorial.book.chapters import Chapter
from tutorial.book.markdown import Heading, to_html
from tutorial.book.quotations import Quotations

_SLOT = re.compile(r"<p>\x02(\d+)\x03</p>\n?|\x02(\d+)\x03")


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
    html, headings = to_html(text)
    html = _SLOT.sub(lambda slot: quotations.blocks[int(slot[1] or slot[2])], html)
    elements = list(dict.fromkeys(quotations.elements))
    whole = Markup(html) + quotations.results.sources()
    return Rendered(whole, headings, elements, quotations.quoted)
