"""Close the gap between two requests.

This is a long poll as many tutorials show it: a request waits in `waiting` until somebody posts, is
answered with that one message, and its reader comes back for the next. Two people press Enter at
once, and one message is gone: it came while the reader was on its way, and nobody kept it.

Make it exact. Every reader gets every message once, in the order of the ids, however many are
posted at once:

1. keep the messages in `log`, and answer with what follows the reader's cursor (here simply the id
   of the last message that it has; no cursor means from the beginning);
2. wait only when nothing follows the cursor, with no `await` between that look and the waiting: a
   message that comes in between would find nobody;
3. assign each message its id and its place in the log in one go.

Any way to wait that loses nothing passes, also a loop that looks at the log and sleeps 50 ms. What
such a loop costs is the question of the next chapter.

`GET /messages?cursor=` is answered with `{"cursor": "17", "messages": [...]}`. To try it, start it
in one terminal:

    python .learner/03_gap.py 8103

ask in another, which waits:

    curl 'http://127.0.0.1:8103/messages?cursor='

and post in a third:

    curl -d '{"text": "hi"}' http://127.0.0.1:8103/messages
"""

import asyncio
import itertools
import json
import sys
from typing import Any

from tornado.web import Application, RequestHandler

ids = itertools.count(1)
log: list[dict[str, Any]] = []
waiting: set[asyncio.Future[Any]] = set()


class Messages(RequestHandler):
    """The chat, for readers that wait."""

    async def get(self) -> None:
        """Hold the request until the next message."""
        held = asyncio.get_running_loop().create_future()
        waiting.add(held)
        message = await held
        self.write({"cursor": str(message["id"]), "messages": [message]})

    async def post(self) -> None:
        """Send the message to each request that waits at this moment."""
        message = {"id": next(ids), "text": json.loads(self.request.body)["text"]}
        while waiting:
            waiting.pop().set_result(message)
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
