"""Hold a request, release it, clean up.

This long poll waits by looking again and again, fifty times a second for each reader: a thousand
silent readers keep the processor busy. And it goes on for clients that have gone away.

Hold with a future instead, and look after it:

1. **hold**: when nothing follows the cursor, wait on a future that is in `held`, and on nothing
   else;
2. **release**: a post releases every held request;
3. **time out**: after `wait` seconds without a message, answer with no messages and the same
   cursor;
4. **clean up**: the handler that creates a future removes it from `held`, however the wait ended.
   A client that goes away does not end your coroutine: Tornado calls `on_connection_close` on the
   handler, and nothing else happens. After 100 clients went away, nothing of them may be left.

`GET /messages?cursor=17&wait=25` is answered with `{"cursor": "18", "messages": [...]}`. To try it,
start it in one terminal:

    python .learner/04_hold.py 8104

ask in another, which waits:

    curl 'http://127.0.0.1:8104/messages?cursor=0&wait=25'

and post in a third:

    curl -d '{"text": "hi"}' http://127.0.0.1:8104/messages
"""

import asyncio
import json
import sys
from typing import Any

from tornado.web import Application, RequestHandler

log: list[dict[str, Any]] = []
held: set[asyncio.Future[None]] = set()


class Messages(RequestHandler):
    """The chat, for readers that wait."""

    async def get(self) -> None:
        """Answer with what follows the cursor; while nothing does, wait."""
        last = int(self.get_query_argument("cursor"))
        messages = log[last:]
        while not messages:
            await asyncio.sleep(0.02)
            messages = log[last:]
        self.write({"cursor": str(last + len(messages)), "messages": messages})

    def post(self) -> None:
        """Keep the message as the log's next."""
        message = {"id": len(log) + 1, "text": json.loads(self.request.body)["text"]}
        log.append(message)
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
