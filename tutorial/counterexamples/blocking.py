"""A query on the event loop: wrong on purpose.

It is an ordinary function call, and it works: alone, it is even faster than a thread. But there is one loop, and until
the query is done no request is answered, no held request is released, no ping is sent.
"""

from __future__ import annotations

import time

from tutorial.laboratory.blocking_work import InAThreadHandler


class BlockingHandler(InAThreadHandler):
    """`GET /slow/on-the-loop?work=query&steps=1000000` → how long it took; meanwhile all other clients wait."""

    async def get(self) -> None:
        work, steps = self.requested_work()
        began = time.monotonic()
        work(steps)
        self.report(began)
