"""Another seam: each reader has a mailbox on the server, and fetches what lies in it. Second reading.

It needs no cursor, and pays for that with five words before the first message is read: a *session* that names the
mailbox, its *expiry* (when is a reader who doesn't come gone?), an *acknowledgement* (what was fetched, but did not
arrive?), the *limit* of a box that nobody empties, and a *handshake* to take a box along to another transport.
"""

from __future__ import annotations

import time
from collections import deque
from secrets import token_urlsafe

from transports.wire import Message

EXPIRY_SECONDS = 60.0
BOX_MESSAGES = 100


class Mailbox:
    """What one reader has not fetched yet; what it has fetched, until it says so."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque(maxlen=BOX_MESSAGES)  # the oldest fall out, silently
        self.fetched: list[Message] = []
        self.seen_at = time.monotonic()


class MailRoom:
    """A room that puts each message into every mailbox: it is kept once for each reader."""

    def __init__(self) -> None:
        self.boxes: dict[str, Mailbox] = {}

    def open(self) -> str:
        """Give a new session its mailbox. Whoever knows the session's name may read its mail."""
        session = token_urlsafe(12)
        self.boxes[session] = Mailbox()
        return session

    def post(self, message: Message) -> None:
        """Put a message into each box, and throw away the boxes that nobody has looked into."""
        long_ago = time.monotonic() - EXPIRY_SECONDS
        self.boxes = {name: box for name, box in self.boxes.items() if box.seen_at > long_ago}
        for box in self.boxes.values():
            box.waiting.append(message)

    def fetch(self, session: str, arrived: bool) -> list[Message]:
        """Give what waits; `arrived`: the last answer did, and need not be given again. Raises: KeyError."""
        box = self.boxes[session]
        box.seen_at = time.monotonic()
        box.fetched = [] if arrived else box.fetched
        box.fetched += box.waiting
        box.waiting.clear()
        return box.fetched
