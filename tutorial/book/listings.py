"""Listings: excerpts and whole files as HTML, coloured by Pygments.

A line is an element of its own, so that it can be marked, numbered without the numbers being copied, and linked to.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name

from tutorial.book.javascript import without_types
from tutorial.book.quoting import Excerpt, definitions, read

JAVASCRIPT = (".js", ".mjs")
PAGE_IDS = ("main", "keys", "theme")  # of templates/base.html
LEXERS = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".css": "css",
    ".html": "html+jinja",
    ".md": "markdown",
    ".json": "json",
    ".toml": "toml",
    ".conf": "nginx",
}


def listing(excerpts: list[Excerpt]) -> Markup:
    """Return excerpts of one file as one figure, each with its lines' numbers, and a link to the whole file.

    The types in JavaScript's comments are in the whole file only.
    """
    path = excerpts[0].path
    names = " · ".join(
        f'<a href="{address(path, one.name)}"><code>{escape(one.name)}</code></a>'
        for one in excerpts
    )
    label = ", ".join(one.name for one in excerpts)
    blocks = "".join(_block(one) for one in excerpts)
    return Markup(
        f'<figure class="listing"><figcaption>{names} <span class="path">{escape(path)}, '
        f"{_lines(excerpts)}</span></figcaption>"
        f'<div class="code" tabindex="0" role="region" aria-label="{escape(label)} in {escape(path)}">'
        f"{blocks}</div></figure>"
    )


def _lines(excerpts: list[Excerpt]) -> str:
    spans = ", ".join(
        f"{one.first}–{one.last}" if one.last > one.first else f"{one.first}" for one in excerpts
    )
    return f"line {spans}" if spans.isdigit() else f"lines {spans}"


def _block(excerpt: Excerpt) -> str:
    suffix = Path(excerpt.path).suffix
    shown = without_types if suffix in JAVASCRIPT else lambda text: enumerate(text.split("\n"))
    places, texts = zip(*shown(excerpt.text), strict=True)
    lines = zip(places, coloured(suffix, "\n".join(texts)), strict=True)
    numbered = "".join(
        f'<span class="line{" marked" if number in excerpt.marked else ""}" data-line="{number}">{line}</span>\n'
        for number, line in ((excerpt.first + place, line) for place, line in lines)
    )
    return f"<pre><code>{numbered}</code></pre>"


def whole(path: str) -> Markup:
    """Return a whole file, where each line and each definition can be linked to."""
    first_of = {
        one.name: one.first for one in reversed(definitions(path))
    }  # of a getter and setter
    named = {first: name for name, first in reversed(first_of.items())}
    lines = coloured(Path(path).suffix, read(path).rstrip("\n"))
    return Markup("<pre><code>{}</code></pre>").format(
        Markup("").join(
            Markup('<span class="line" id="L{0}" data-line="{0}">{1}{2}</span>\n').format(
                number, _anchor(named.get(number)), Markup(line)
            )
            for number, line in enumerate(lines, 1)
        )
    )


def _anchor(name: str | None) -> Markup:
    return Markup('<a id="{}"></a>').format(_id(name)) if name else Markup("")


def _id(name: str) -> str:
    """Return the id of a definition: its name, unless the page itself has that id."""
    return f"{name}()" if name in PAGE_IDS else name


def address(path: str, name: str = "") -> str:
    """Return the address of a file's page, at a definition of it."""
    return f"/source/{path}" + (f"#{quote(_id(name), safe='()')}" if name else "")


@lru_cache(maxsize=512)
def coloured(suffix: str, text: str) -> tuple[str, ...]:
    """Return a text's lines as HTML; a suffix without a lexer gives them plain."""
    lexer = get_lexer_by_name(LEXERS[suffix], stripnl=False) if suffix in LEXERS else TextLexer()
    html = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return tuple(html.rstrip("\n").split("\n"))
