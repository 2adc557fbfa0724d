"""Poll without a herd.

The jitter is drawn anew for each pause: two clients that meet by chance have parted one poll
later. It is as likely to lengthen a pause as to shorten it, so the average stays what was agreed.

Ten per cent is enough to part the clients. With more, the pauses differ more, and since a message
is likelier to fall into a long pause than into a short one, it waits longer than half an interval.
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
        pause = interval * min(2 ** max(failures - 1, 0), LONGEST_PAUSE)
        await asyncio.sleep(pause * random.uniform(1 - JITTER, 1 + JITTER))


async def ask_nobody() -> list[str]:
    """Stand in for a server, for a first look."""
    return [f"asked at {time.monotonic() - STARTED:.2f} s"]


if __name__ == "__main__":
    STARTED = time.monotonic()
    asyncio.run(keep_polling(ask_nobody, print, 1.0))
