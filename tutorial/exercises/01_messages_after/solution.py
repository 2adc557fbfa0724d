"""Answer what follows a reader's cursor.

`trimmed` is the newest id that is no longer kept, so a cursor from there up to the newest id can
be followed in full, both ends included: the reader at `trimmed` misses nothing, the one at
`newest` has it all. All other cursors share one answer, from the oldest message kept, with `gap:
true`.
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
    trimmed = newest - len(log)
    epoch, _, number = cursor.partition(":")
    in_the_log = epoch == EPOCH and trimmed <= int(number) <= newest
    last = int(number) if in_the_log else trimmed
    return {
        "cursor": f"{EPOCH}:{newest}",
        "gap": cursor != "" and not in_the_log,
        "messages": [message for message in log if message["id"] > last],
    }


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
