"""Long polling: what is next?

The client asks, and the server holds its answer back until there is one: a **held request** is a future in the room's
`_waiters` that the next message sets (see `Room.wait`). To the client the server seems to call; on the wire it is still
request and response, one a message. The hold ends before any proxy's patience does (RFC 6202 §5.5).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from transports.polling import PollingHandler
from transports.tokens import is_private
from transports.wire import Batch, Cursor

ALIASES = 1000  # names of a place in the log, one after another; hours later a cache has forgotten the first


class LongPollingHandler(PollingHandler):
    """`GET /rooms/{room}/long-polling?cursor=&limit=&wait=` → one batch, as soon as there is news."""

    transport = "long-polling"
    holding: asyncio.Task[None] | None = None

    async def get(self, room: str) -> None:
        cursor, limit, wait = self.cursor(), self.limit(), self.wait_seconds()
        if self.has_left:
            return  # while we entered its room
        self.shed_headers()
        self.holding = asyncio.current_task()
        began = time.monotonic()
        try:
            batch = await self.room.wait(cursor, wait, limit)
        except asyncio.CancelledError:
            return  # the client has left, and there is nobody to answer
        finally:
            self.holding = None
        held_ms = (time.monotonic() - began) * 1000
        if self.chat.cacheable and isinstance(cursor, Cursor) and not is_private(room):
            batch = self._allow_caching(batch, cursor)
        self.answer(batch, f"hold;dur={held_ms:.1f}")

    def _allow_caching(self, batch: Batch, cursor: Cursor) -> Batch:
        """Let a cache give this answer to every request with the same cursor, for a second."""
        self.cache_control = "public, max-age=1"
        if batch.has_news:
            return batch
        period = int(time.time() // self.chat.hold_seconds)
        alias = period % ALIASES  # the same for all that wait now
        if cursor.alias is not None and not 0 < (alias - cursor.alias) % ALIASES < ALIASES // 2:
            alias = (cursor.alias + 1) % ALIASES  # never one that a cache still knows
        return replace(batch, cursor=replace(batch.cursor, alias=alias))

    def on_connection_close(self) -> None:
        """End the held request: Tornado reports that the client has left, and cancels nothing."""
        super().on_connection_close()
        if self.holding is not None:
            self.holding.cancel()
