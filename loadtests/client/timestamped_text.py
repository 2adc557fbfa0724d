"""Stamp: a published message says when it was due, on the publisher's clock, in a text of always the same length."""

from __future__ import annotations

import re
from typing import Any

AUTHOR = "loadtest"
TEXT_CHARACTERS = 64
_FILLING = " see you at the fountain at noon, and bring the big map"
_DUE = re.compile(r"due (\d+\.\d+)")


def stamped(due: float) -> str:
    """Give a chat message's text that carries `due` (seconds since 1970)."""
    return f"due {due:.6f}{_FILLING}"[:TEXT_CHARACTERS].ljust(TEXT_CHARACTERS, ".")


def due_of(message: dict[str, Any]) -> float:
    """Give when a message was due; for one that nobody stamped, when the room accepted it."""
    found = _DUE.match(message["text"])
    return float(found[1]) if found else float(message["sent_at"])
