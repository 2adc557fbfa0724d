"""A long poll that waits a little longer: what comes within `delay_ms` after the first message goes out with it.

In a busy room each message releases every held request, and each comes back at once. Waiting caps the
requests at 1000 / delay_ms a second and reader, and costs at most that delay.
"""

from __future__ import annotations

import asyncio

from transports.long_polling import LongPollingHandler
from transports.parameters import parse_seconds
from transports.wire import Batch, Cursor

DELAY_MAX_MS = 1000.0


class BatchingHandler(LongPollingHandler):
    """`GET /rooms/{room}/batching?cursor=&wait=&delay_ms=` → as long polling, up to `delay_ms` later."""

    transport = "batching"

    async def get(self, room: str) -> None:
        self.holding = asyncio.current_task()
        try:
            batch = await self.room.wait(self.cursor(), self.wait_seconds())
            if batch.messages and not batch.gap:
                batch = await self._with_what_follows(batch)
        except asyncio.CancelledError:
            return  # the client has left
        finally:
            self.holding = None
        self.answer(batch)

    async def _with_what_follows(self, batch: Batch) -> Batch:
        delay = self._query_argument("delay_ms")
        before = Cursor(batch.cursor.epoch, batch.messages[0].id - 1)
        await asyncio.sleep(parse_seconds("delay_ms", delay, DELAY_MAX_MS, 50) / 1000)
        return self.room.since(before)
