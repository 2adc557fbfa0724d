"""Batch what comes within 50 ms.

The first message of a batch starts one timer, the others find it running: none of them can put the
end off. While the timer runs, a reader that comes back is held although messages follow its
cursor, or else it would take them one by one after all.

A reader that is far behind pays with at most 50 ms, and gets one bigger batch for it.
"""

import asyncio
import json
import sys
from typing import Any

from tornado.web import Application, RequestHandler

BATCH_SECONDS = 0.05
HOLD_SECONDS = 25

log: list[dict[str, Any]] = []
held: set[asyncio.Future[None]] = set()
batch: asyncio.TimerHandle | None = None


def announce() -> None:
    """Release the held requests 50 ms after the first message that they don't know."""
    global batch
    if not batch:
        batch = asyncio.get_running_loop().call_later(BATCH_SECONDS, release)


def release() -> None:
    """End the batch, and the wait of every held request."""
    global batch
    batch = None
    for future in held:
        if not future.done():
            future.set_result(None)


async def hold() -> None:
    """Wait for `release`, or for `HOLD_SECONDS`."""
    future = asyncio.get_running_loop().create_future()
    held.add(future)
    try:
        await asyncio.wait([future], timeout=HOLD_SECONDS)
    finally:
        held.discard(future)


class Messages(RequestHandler):
    """The chat, for readers that wait."""

    async def get(self) -> None:
        """Answer with what follows the cursor, when there is something and its batch is full."""
        last = int(self.get_query_argument("cursor"))
        if batch or not log[last:]:
            await hold()
        messages = log[last:]
        self.write({"cursor": str(last + len(messages)), "messages": messages})

    def post(self) -> None:
        """Keep the message as the log's next, and announce it."""
        message = {"id": len(log) + 1, "text": json.loads(self.request.body)["text"]}
        log.append(message)
        announce()
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
