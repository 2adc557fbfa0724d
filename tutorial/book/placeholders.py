"""Placeholders: what stands in an experiment's place until its script comes, so that nothing moves when it does.

A placeholder is the experiment's own first markup, not shown: it takes the room that the experiment will take, at
every width, and no height is written anywhere. `python -m tests.support.placeholders` writes them again.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parents[1] / "templates" / "placeholders"


@cache
def placeholder(tag: str) -> str:
    """Return the first markup of a custom element; empty: it has none."""
    file = FOLDER / f"{tag}.html"
    return file.read_text("utf-8").strip() if file.exists() else ""


def filled(tag: str, attributes: Markup, described: Markup, recorded: Markup) -> Markup:
    """Return a custom element with what stands in it until its script comes.

    `described` says what it is. It is shown without scripts, and where there is no placeholder, until the script comes.
    `recorded` is a run of it, for readers without scripts.
    """
    text = Markup('<div class="without-scripts">{}</div>').format(described)
    if shape := placeholder(tag):
        hidden = Markup('<noscript>{}{}</noscript><div class="placeholder">{}</div>')
        text = hidden.format(text, recorded, Markup(shape))
    elif recorded:
        text += Markup("<noscript>{}</noscript>").format(recorded)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), attributes, text)
