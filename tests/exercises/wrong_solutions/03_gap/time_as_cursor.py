"""Mistake: the cursor is a time, in seconds as many a database column keeps it.

All messages of one second are one place for this cursor: what else came in it is skipped.

Told: lost, the first of them message | and it still waits
"""

import asyncio
import json
import sys
import time
from typing import Any

from tornado.web import Application, RequestHandler

log: list[dict[str, Any]] = []
waiting: set[asyncio.Future[Any]] = set()


class Messages(RequestHandler):
    """The chat, for readers who wait."""

    async def get(self) -> None:
        """Answer with what follows the cursor; while nothing does, hold the request."""
        last = int(self.get_query_argument("cursor", "") or 0)
        if not [message for message in log if message["at"] > last]:
            held = asyncio.get_running_loop().create_future()
            waiting.add(held)
            await held
        messages = [message for message in log if message["at"] > last]
        newest = max((message["at"] for message in messages), default=last)
        self.write({"cursor": str(newest), "messages": messages})

    async def post(self) -> None:
        """Keep the message as the log's next, and tell everyone who waits to look again."""
        text = json.loads(self.request.body)["text"]
        message = {"id": len(log) + 1, "text": text, "at": int(time.time())}
        log.append(message)
        while waiting:
            waiting.pop().set_result(None)
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
