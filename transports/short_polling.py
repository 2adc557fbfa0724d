"""Short polling: what is there?

The client asks again and again, and is answered at once, mostly with nothing. The server keeps no state between two
requests: the cursor is the session. What it costs is asked every interval whether or not anybody speaks, and what
is gained is that it works through everything that HTTP works through.
"""

from __future__ import annotations

from transports.polling import PollingHandler


class ShortPollingHandler(PollingHandler):
    """`GET /rooms/{room}/short-polling?cursor=&limit=` → one batch, at once."""

    transport = "short-polling"

    def get(self, room: str) -> None:
        self.answer(self.room.since(self.cursor(), self.limit()))

    head = get
