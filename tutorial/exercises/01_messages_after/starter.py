"""Answer what follows a reader's cursor.

HTTP cannot call you back, so a reader comes and asks, and brings its place in the log along: its
**cursor**, `epoch:id` of the last message that it has. The server keeps the newest 10 messages,
and a new epoch for each time that it starts.

Finish `messages_after(cursor)`:

1. `messages` is what follows the cursor, oldest first, nothing twice and nothing left out; no
   cursor means all that is kept. `cursor` is the place after the newest message.
2. `gap` is true when what follows the cursor can no longer be sent in full: the history was
   trimmed, or the cursor is of another epoch, or it lies ahead of the log. Then `messages` is all
   that is kept. A reader that misses nothing gets no gap.

As it stands it sends every reader everything, every time. To try it, start it in one terminal:

    python .learner/01_messages_after.py 8101

and speak and ask in another:

    curl -d '{"text": "hi"}' http://127.0.0.1:8101/messages
    curl 'http://127.0.0.1:8101/messages?cursor='
"""

import asyncio
import json
import secrets
import sys
from collections import deque
from typing import Any

from tornado.web import Application, RequestHandler

EPOCH = secrets.token_hex(4)
HISTORY = 10

log: deque[dict[str, Any]] = deque(maxlen=HISTORY)


def messages_after(cursor: str) -> dict[str, Any]:
    """Return the batch for a reader that has everything up to this cursor."""
    newest = log[-1]["id"] if log else 0
    return {"cursor": f"{EPOCH}:{newest}", "gap": False, "messages": list(log)}


class Messages(RequestHandler):
    """The chat, for readers that come and ask."""

    def get(self) -> None:
        """Answer at once with what follows the reader's cursor."""
        self.write(messages_after(self.get_query_argument("cursor", "")))

    def post(self) -> None:
        """Number the message and keep it."""
        message = {
            "id": log[-1]["id"] + 1 if log else 1,
            "text": json.loads(self.request.body)["text"],
        }
        log.append(message)
        self.write(message)


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/messages", Messages)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
