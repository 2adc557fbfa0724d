"""Markdown, as the chapters write it: tables, coloured listings, links between chapters' files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape

from tutorial.book.listings import coloured

_CHAPTER = re.compile(r"(\d\d)_\w+\.md(#.*)?")
_FILE = re.compile(r"\.\./(tests/.+)")  # as the contract names one
_OF_TUTORIAL = re.compile(r"\.\./(other_servers/.+)")  # as a chapter names one


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's heading, and its anchor."""

    anchor: str
    text: str
    level: int


def to_html(text: str) -> tuple[str, list[Heading]]:
    """Return a document as HTML, and its headings, each with an anchor."""
    markdown, headings = make_markdown(), list[Heading]()
    tokens = markdown.parse(text)
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            headings.append(_anchor(token, inside))
    return markdown.renderer.render(tokens, markdown.options, {}), headings


def _anchor(opening: Token, inside: Token) -> Heading:
    text = "".join(
        token.content for token in inside.children or [] if token.type in ("text", "code_inline")
    )
    opening.attrSet("id", anchor_of(text))
    return Heading(anchor_of(text), text, int(opening.tag[1]))


def anchor_of(heading: str) -> str:
    """Return the fragment of the address that leads to a heading."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def make_markdown() -> MarkdownIt:
    """Make the reader of chapters: tables, listings in colour, links between chapters' files, no raw surprises."""
    markdown = MarkdownIt("commonmark", {"typographer": True, "html": True})
    markdown.enable(["table", "smartquotes"])
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    markdown.core.ruler.push("links", _address_links)
    markdown.core.ruler.push("corners", _empty_corners)
    return markdown


def _fence(_self: Any, tokens: list[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    suffix = {"python": ".py", "json": ".json"}.get(token.info, "")
    lines = "\n".join(coloured(suffix, token.content.rstrip("\n")))
    return (
        f'<pre class="{escape(token.info or "text")}" tabindex="0"><code>{lines}\n</code></pre>\n'
    )


def _empty_corners(state: Any) -> None:
    """Turn a heading of a table that has no words into a plain cell: it is the heading of nothing."""
    for opening, inside, closing in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if opening.type == "th_open" and not inside.content.strip():
            opening.tag = closing.tag = "td"


def _address_links(state: Any) -> None:
    """Turn links between files, which a repository browser follows, into the site's addresses."""
    for token in state.tokens:
        for child in token.children or []:
            if child.type == "link_open":
                child.attrSet("href", _address(str(child.attrGet("href"))))


def _address(link: str) -> str:
    if chapter := _CHAPTER.fullmatch(link):
        return f"/chapters/{chapter[1]}{chapter[2] or ''}"
    if link.startswith("../wire.md"):
        return "/wire" + link.removeprefix("../wire.md")
    if link == "openapi.json":
        return "/openapi.json"
    return _FILE.sub(r"/source/\1", _OF_TUTORIAL.sub(r"/source/tutorial/\1", link))
