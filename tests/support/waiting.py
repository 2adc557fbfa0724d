"""How tests wait: for a condition, and never for a time.

A wait has an end only so that a fault fails the test instead of hanging the suite. PATIENCE_SECONDS is far more than
anything takes on the slowest machine, so no test's verdict depends on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until a condition holds. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 (any condition will do, not only an Event)
            await asyncio.sleep(0.001)


def wait_until(condition: Callable[[], object]) -> None:
    """Block until a condition on another process or thread holds. Raises: TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition never held")
        time.sleep(0.005)
