"""Mistake: `tornado.locks.Condition`, which keeps each waiter that was given up until the next post.

Told: futures are still kept
"""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

from tornado.locks import Condition
from tornado.web import Application, RequestHandler

log: list[dict[str, Any]] = []
posted = Condition()


class Messages(RequestHandler):
    """The chat, for readers who wait."""

    mine: asyncio.Future[Any] | None = None

    async def get(self) -> None:
        """Answer with what follows the cursor; while nothing does, wait."""
        last = int(self.get_query_argument("cursor"))
        if not log[last:]:
            await self.hold(float(self.get_query_argument("wait", "25")))
        messages = log[last:]
        self.write({"cursor": str(last + len(messages)), "messages": messages})

    async def hold(self, seconds: float) -> None:
        """Wait until somebody posts, the client leaves, or the time is over."""
        self.mine = asyncio.ensure_future(posted.wait(timedelta(seconds=seconds)))
        await asyncio.wait([self.mine])

    def on_connection_close(self) -> None:
        """Let go of the request whose client has left."""
        if self.mine:
            self.mine.cancel()

    def post(self) -> None:
        """Keep the message as the log's next, and release every held request."""
        message = {"id": len(log) + 1, "text": json.loads(self.request.body)["text"]}
        log.append(message)
        posted.notify_all()
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
