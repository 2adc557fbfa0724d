"""Mistake: an `await` between the id and the log.

The message has its id, is saved "in the database", and only then put in the log: the order of the
log is the order in which the database was done, and cursors pass by what is not there yet.

Told: lost, the first of them message | out of order, the first of them message
"""

import asyncio
import itertools
import json
import random
import sys
from typing import Any

from tornado.web import Application, RequestHandler

ids = itertools.count(1)
log: list[dict[str, Any]] = []
waiting: set[asyncio.Future[Any]] = set()


class Messages(RequestHandler):
    """The chat, for readers who wait."""

    async def get(self) -> None:
        """Answer with what follows the cursor; while nothing does, hold the request."""
        last = int(self.get_query_argument("cursor", "") or 0)
        if not [message for message in log if message["id"] > last]:
            held = asyncio.get_running_loop().create_future()
            waiting.add(held)
            await held
        messages = [message for message in log if message["id"] > last]
        newest = max((message["id"] for message in messages), default=last)
        self.write({"cursor": str(newest), "messages": messages})

    async def post(self) -> None:
        """Keep the message as the log's next, and tell everyone who waits to look again."""
        message = {"id": next(ids), "text": json.loads(self.request.body)["text"]}
        await asyncio.sleep(random.uniform(0, 0.01))
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
