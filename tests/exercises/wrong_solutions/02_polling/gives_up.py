"""Mistake: after five failures in a row the client gives up.

Told: a client that polls for ever; got it returned
"""

import asyncio
import random
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
            if failures == 5:
                return
        else:
            failures = 0
        for message in messages:
            show(message)
        pause = interval * min(2 ** max(failures - 1, 0), LONGEST_PAUSE)
        await asyncio.sleep(pause * random.uniform(1 - JITTER, 1 + JITTER))


async def ask_nobody() -> list[str]:
    """Stand in for a server, for a first look."""
    return [f"asked at {asyncio.get_running_loop().time():.2f}"]


if __name__ == "__main__":
    asyncio.run(keep_polling(ask_nobody, print, 1.0))
