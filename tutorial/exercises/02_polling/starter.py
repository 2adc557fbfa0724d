"""Poll without a herd.

Thirty pages poll for new messages every `interval` seconds. They were opened together, or the
server came back after a fault, and now all thirty ask in the same instant, for ever. And while the
server is down they keep hammering on it.

Finish `keep_polling`:

1. **jitter**: change each pause by a random part, so that no two of the thirty clients ask within
   5 ms of each other three times in a row. Change it by a small part of `interval`, up or down:
   on average the pause must still be `interval`, and a message must wait half an interval (both
   within 10 %);
2. **back-off**: `ask` raises `ConnectionError` while the server is down. After the first failure
   pause as usual, after each further one twice as long as before, up to 8 times `interval`. Jitter
   these pauses too: on average each must be right within 20 %, and none may be longer than 12
   times `interval`. Never stop; after a success, pause as usual again.

Pause with `await asyncio.sleep(…)` only. The check runs on a virtual clock, so an hour of it takes
a moment. To see it poll:

    python .learner/02_polling.py
"""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def keep_polling(
    ask: Callable[[], Awaitable[list[str]]], show: Callable[[str], None], interval: float
) -> None:
    """Ask again and again, and show each message that comes."""
    while True:
        for message in await ask():
            show(message)
        await asyncio.sleep(interval)


async def ask_nobody() -> list[str]:
    """Stand in for a server, for a first look."""
    return [f"asked at {time.monotonic() - STARTED:.2f} s"]


if __name__ == "__main__":
    STARTED = time.monotonic()
    asyncio.run(keep_polling(ask_nobody, print, 1.0))
