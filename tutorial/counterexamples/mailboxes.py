"""Another seam: each reader has a mailbox on the server, and fetches what is in it. Second reading.

It needs no cursor, but it needs five other things before the first message can be read: a *session* that names the
mailbox, an *expiry* (after which time is a silent reader gone?), an *acknowledgement* (what was fetched, but did not
arrive?), a *limit* for a box that is never emptied, and a *handshake* to use the box over another transport.
"""

from __future__ import annotations

import time
from collections import deque
from secrets import token_urlsafe

from transports.wire import Message

EXPIRY_SECONDS = 60.0
BOX_MESSAGES = 100


class Mailbox:
    """What one reader has not fetched yet, and what it has not acknowledged."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque(maxlen=BOX_MESSAGES)  # the oldest fall out, silently
        self.fetched: list[Message] = []
        self.seen_at = time.monotonic()


class MailRoom:
    """A room that puts each message into every mailbox: a copy for each reader."""

    def __init__(self) -> None:
        self.boxes: dict[str, Mailbox] = {}

    def open(self) -> str:
        """Return the name of a new session; a client that knows it may read the mailbox."""
        session = token_urlsafe(12)
        self.boxes[session] = Mailbox()
        return session

    def post(self, message: Message) -> None:
        """Put a message into each box, and delete the boxes that have expired."""
        long_ago = time.monotonic() - EXPIRY_SECONDS
        self.boxes = {name: box for name, box in self.boxes.items() if box.seen_at > long_ago}
        for box in self.boxes.values():
            box.waiting.append(message)

    def fetch(self, session: str, arrived: bool) -> list[Message]:
        """Return what waits; `arrived`: the last answer did, and is not sent again. Raises: KeyError."""
        box = self.boxes[session]
        box.seen_at = time.monotonic()
        box.fetched = [] if arrived else box.fetched
        box.fetched += box.waiting
        box.waiting.clear()
        return box.fetched
