"""A query on the event loop: wrong on purpose.

It looks like any function call, and it works: alone, it is even the faster one. But there is one loop, and until the
query is done nobody is answered, no held request is released, no ping is sent.
"""

from __future__ import annotations

import time

from tutorial.laboratory.blocking_work import SlowHandler


class BlockingHandler(SlowHandler):
    """`GET /slow/on-the-loop?work=query&steps=1000000` → how long it took; meanwhile everybody waits."""

    async def get(self) -> None:
        work, steps = self.asked()
        began = time.monotonic()
        work(steps)
        self.tell(began)
