"""Markdown, as the chapters write it: tables, coloured listings, links between chapters' files."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape

from tutorial.book.listings import coloured

_LINK = re.compile(r"(\d\d)_\w+\.md(#.*)?")


def make_markdown() -> MarkdownIt:
    """Make the reader of chapters: tables, listings in colour, links between chapters' files, no raw surprises."""
    markdown = MarkdownIt("commonmark", {"typographer": True, "html": True})
    markdown.enable(["table", "smartquotes"])
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    markdown.core.ruler.push("links", _address_links)
    return markdown


def _fence(_self: Any, tokens: list[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    suffix = {"python": ".py", "json": ".json"}.get(token.info, "")
    lines = "\n".join(coloured(suffix, token.content.rstrip("\n")))
    return (
        f'<pre class="{escape(token.info or "text")}" tabindex="0"><code>{lines}\n</code></pre>\n'
    )


def _address_links(state: Any) -> None:
    """Turn links between chapters' files, which a repository browser follows, into the site's addresses."""
    for token in state.tokens:
        for child in token.children or []:
            link = (
                _LINK.fullmatch(str(child.attrGet("href"))) if child.type == "link_open" else None
            )
            if link:
                child.attrSet("href", f"/chapters/{link[1]}{link[2] or ''}")
