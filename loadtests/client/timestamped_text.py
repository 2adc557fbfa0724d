"""Timestamped text: a message says when it was due, on its author's clock, in a text of always the same length."""

from __future__ import annotations

import re
from typing import Any

AUTHOR = "loadtest"
TEXT_CHARACTERS = 64
DUE = re.compile(rb"due (\d{10}\.\d{6})")
DUE_BYTES = len("due 1795456708.572123")
_FILLING = " see you at the fountain at noon, and bring the big map"


def timestamped(due: float, characters: int = TEXT_CHARACTERS) -> str:
    """Return a chat message's text that carries `due` (seconds since 1970)."""
    return f"due {due:.6f}{_FILLING}"[:characters].ljust(characters, ".")


def due_of(message: dict[str, Any]) -> float:
    """Return when a message was due; for one without a timestamp, when the room accepted it."""
    found = DUE.match(message["text"].encode())
    return float(found[1]) if found else float(message["sent_at"])
