"""Close the gap between two requests.

The log keeps what comes while a reader is on its way, the cursor tells where to go on. Between
"nothing follows" and "waits" stands no `await`, so the event loop runs nobody else there: no post
can slip through. A held request carries no message; it only ends the wait, so that two
posts in one turn of the loop are both in the answer.
"""

import asyncio
import json
import sys
from typing import Any

from tornado.web import Application, RequestHandler

log: list[dict[str, Any]] = []
waiting: set[asyncio.Future[Any]] = set()


class Messages(RequestHandler):
    """The chat, for readers that wait."""

    async def get(self) -> None:
        """Answer with what follows the cursor; while nothing does, hold the request."""
        last = int(self.get_query_argument("cursor", "") or 0)
        if not log[last:]:
            held = asyncio.get_running_loop().create_future()
            waiting.add(held)
            await held
        messages = log[last:]
        self.write({"cursor": str(messages[-1]["id"]), "messages": messages})

    async def post(self) -> None:
        """Keep the message as the log's next, and let each held request look again."""
        message = {"id": len(log) + 1, "text": json.loads(self.request.body)["text"]}
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
