"""What a test does about a machine on which others run too: it measures again, as strictly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

TRIES = 4


def at_best(check: Callable[[], None]) -> None:
    """Check again when something else had the processor; the last time counts."""
    for _ in range(TRIES - 1):
        with suppress(AssertionError):
            return check()
    return check()
