"""Mistake: a failure changes nothing, and the server that is down is asked as often as ever.

Told: at most 14 polls in an hour without a server
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

JITTER = 0.1


async def keep_polling(
    ask: Callable[[], Awaitable[list[str]]], show: Callable[[str], None], interval: float
) -> None:
    """Ask again and again, and show each message that comes."""
    while True:
        try:
            messages = await ask()
        except ConnectionError:
            messages = []
        for message in messages:
            show(message)
        await asyncio.sleep(interval * random.uniform(1 - JITTER, 1 + JITTER))


async def ask_nobody() -> list[str]:
    """Stand in for a server, for a first look."""
    return [f"asked at {asyncio.get_running_loop().time():.2f}"]


if __name__ == "__main__":
    asyncio.run(keep_polling(ask_nobody, print, 1.0))
