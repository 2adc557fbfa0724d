"""Hold a request, release it, clean up.

A held request is one future in one set. Three things may end the wait: a post, the time, the client
that leaves. All three leave `hold` in the same way, and its `finally` leaves nothing behind.
`asyncio.wait` neither raises when the time is over nor cancels what it waits for.

A client that left is released like all others; Tornado drops what is written to it.
"""

import asyncio
import json
import sys
from typing import Any

from tornado.web import Application, RequestHandler

log: list[dict[str, Any]] = []
held: set[asyncio.Future[None]] = set()


def release(future: asyncio.Future[None]) -> None:
    """End the wait on this future, unless it has ended."""
    if not future.done():
        future.set_result(None)


class Messages(RequestHandler):
    """The chat, for readers that wait."""

    mine: asyncio.Future[None] | None = None

    async def get(self) -> None:
        """Answer with what follows the cursor; while nothing does, wait."""
        last = int(self.get_query_argument("cursor"))
        if not log[last:]:
            await self.hold(float(self.get_query_argument("wait", "25")))
        messages = log[last:]
        self.write({"cursor": str(last + len(messages)), "messages": messages})

    async def hold(self, seconds: float) -> None:
        """Wait until somebody posts, the client leaves, or the time is over."""
        self.mine = asyncio.get_running_loop().create_future()
        held.add(self.mine)
        try:
            await asyncio.wait([self.mine], timeout=seconds)
        finally:
            held.discard(self.mine)

    def on_connection_close(self) -> None:
        """Release the request whose client has left."""
        if self.mine:
            release(self.mine)

    def post(self) -> None:
        """Keep the message as the log's next, and release every held request."""
        message = {"id": len(log) + 1, "text": json.loads(self.request.body)["text"]}
        log.append(message)
        for future in held:
            release(future)
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
