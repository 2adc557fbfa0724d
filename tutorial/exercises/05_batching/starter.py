"""Batch what comes within 50 ms.

In a busy room a long poll is answered with one message, comes back, is answered with the next one:
a request for each message and reader. Let a message wait a moment for those that follow it, and
answer with all of them.

Finish `announce()`, and look at `get` again:

1. in a room with 100 messages a second, a reader needs at most 25 requests a second;
2. no message waits longer than 50 ms for others, in a busy room or as the only one of its day;
3. the author does not wait: a post is answered at once.

A reader that comes back in the middle of these 50 ms finds messages that follow its cursor. Should
it be answered at once?

As it stands, each message is announced the moment it comes. To try it, start it in one terminal:

    python .learner/05_batching.py 8105

post two messages in another, and read them:

    curl -d '{"text": "hi"}' http://127.0.0.1:8105/messages
    curl -d '{"text": "ho"}' http://127.0.0.1:8105/messages
    curl 'http://127.0.0.1:8105/messages?cursor=0'
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


def announce() -> None:
    """Release the held requests: there is a new message."""
    release()


def release() -> None:
    """End the wait of every held request."""
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
        """Answer with what follows the cursor; while nothing does, hold the request."""
        last = int(self.get_query_argument("cursor"))
        if not log[last:]:
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
