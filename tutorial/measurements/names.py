"""The words in which results are named."""

from __future__ import annotations

Values = dict[str, float]


def word(text: str) -> str:
    """Make a part of a result's name from a transport's name, or from a rate."""
    return text.replace("-", "_").replace(".", "_")
