"""Mistake: the first failure doubles the pause already: one lost answer, and the page is late.

Told: a pause of 60 s after failure 1 in a row, on average; got 12
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

JITTER = 0.1
LONGEST_PAUSE = 8


async def keep_polling(
    ask: Callable[[], Awaitable[list[str]]], show: Callable[[str], None], interval: float
) -> None:
    """Ask again and again, and show each message that comes."""
    failures = 0
    while True:
        try:
            messages = await ask()
        except ConnectionError:
            messages = []
            failures += 1
        else:
            failures = 0
        for message in messages:
            show(message)
        pause = interval * min(2**failures, LONGEST_PAUSE)
        await asyncio.sleep(pause * random.uniform(1 - JITTER, 1 + JITTER))


async def ask_nobody() -> list[str]:
    """Stand in for a server, for a first look."""
    return [f"asked at {time.monotonic() - STARTED:.2f} s"]


if __name__ == "__main__":
    STARTED = time.monotonic()
    asyncio.run(keep_polling(ask_nobody, print, 1.0))
