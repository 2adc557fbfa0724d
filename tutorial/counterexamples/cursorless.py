"""A long poll without a cursor: wrong on purpose.

It holds as the right one does. But each request begins at "now", and is answered with the one message that released
it, as in many tutorials: what comes between this message and the next request reaches no reader.
"""

from __future__ import annotations

from transports.long_polling import LongPollingHandler
from transports.wire import Cursor, Start


class CursorlessHandler(LongPollingHandler):
    """`GET /rooms/{room}/cursorless?wait=` → the next message after this request; those before it are lost."""

    transport = "cursorless"

    def cursor(self) -> Cursor | Start:
        return Start.NOW

    def limit(self) -> int:
        return 1
