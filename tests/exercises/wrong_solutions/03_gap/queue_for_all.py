"""Mistake: one queue that all readers take from, so each message goes to one of them.

Told: lost
"""

import asyncio
import json
import sys
from typing import Any

from tornado.web import Application, RequestHandler

log: list[dict[str, Any]] = []
queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()


class Messages(RequestHandler):
    """The chat, for readers who wait."""

    async def get(self) -> None:
        """Take the next message off the queue."""
        message = await queue.get()
        self.write({"cursor": str(message["id"]), "messages": [message]})

    async def post(self) -> None:
        """Keep the message as the log's next, and tell everyone who waits to look again."""
        message = {"id": len(log) + 1, "text": json.loads(self.request.body)["text"]}
        log.append(message)
        queue.put_nowait(message)
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
