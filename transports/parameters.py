"""Parameters: what a reader may ask for in its address, read strictly.

An empty value is none. Numbers are ASCII digits and nothing else: `int` and `float` would also take white space, a
sign, underscores and “nan”.
"""

from __future__ import annotations

import re

from transports.wire import BATCH_MESSAGES, Cursor, Malformed, Start

HOLD_SECONDS = 25.0  # below every common proxy's limit (nginx 60 s, Heroku 30 s; RFC 6202 §5.5)
WAIT_MAX_SECONDS = 55.0

_WHOLE = re.compile(r"[0-9]{1,15}")
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]*)?|\.[0-9]+")
_STARTS = {start.value: start for start in Start}


def parse_cursor(text: str) -> Cursor | Start:
    """Return where a reader wants to go on. Raises: Malformed."""
    return _STARTS.get(text) or Cursor.parse(text)


def parse_limit(text: str) -> int:
    """Return how many messages a reader wants at most. Raises: Malformed."""
    if not text:
        return BATCH_MESSAGES
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= BATCH_MESSAGES:
        raise Malformed(f"“limit” must be a number from 1 to {BATCH_MESSAGES}")
    return int(text)


def parse_seconds(name: str, text: str, most: float, default: float) -> float:
    """Return how long a reader wants something to take, in seconds. Raises: Malformed."""
    if not text:
        return min(default, most)
    if not _DECIMAL.fullmatch(text) or float(text) > most:
        raise Malformed(f"“{name}” must be a number from 0 to {most:g}")
    return float(text)
