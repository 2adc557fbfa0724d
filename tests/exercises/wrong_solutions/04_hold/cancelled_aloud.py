"""Mistake: the wait is cancelled when the client leaves, and nobody catches the `CancelledError`.

Tornado logs one traceback for each client that goes away.

Told: CancelledError, in line
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
    """The chat, for readers who wait."""

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
            async with asyncio.timeout(seconds):
                await self.mine
        except TimeoutError:
            pass
        finally:
            held.discard(self.mine)

    def on_connection_close(self) -> None:
        """Let go of the request whose client has left."""
        if self.mine:
            self.mine.cancel()

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
