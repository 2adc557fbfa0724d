"""The pages of the site."""

from __future__ import annotations

from typing import Any


def routes() -> list[tuple[Any, ...]]:
    """Give the site's pages, for the application to serve beside the chat."""
    return []
