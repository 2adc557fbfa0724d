"""Blocking work, for the chapter about the event loop: a database query, or as much arithmetic in Python.

SQLite releases the global interpreter lock while it searches, as database drivers do; arithmetic in Python holds it.
Therefore a thread helps the first, and the second only a little. `counterexamples/blocking.py` does the same work
where it must not be done.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

from transports.wire import Malformed, to_json
from tutorial.site.local_only import LocalHandler

STEPS_MOST = 5_000_000
COUNT = """
WITH RECURSIVE steps(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < ?)
SELECT sum(n % 7) FROM steps
"""


def query(steps: int) -> int:
    """Let SQLite count `steps`: a query that takes time."""
    with closing(sqlite3.connect(":memory:")) as database:
        total: int = database.execute(COUNT, (steps,)).fetchone()[0]
    return total


def arithmetic(steps: int) -> int:
    """Count the same steps in Python."""
    return sum(n % 7 for n in range(1, steps + 1))


WORK: dict[str, Callable[[int], int]] = {"query": query, "arithmetic": arithmetic}


class InAThreadHandler(LocalHandler):
    """`GET /slow/in-a-thread?work=query&steps=1000000` → how long it took; meanwhile the loop goes on."""

    async def get(self) -> None:
        work, steps = self.requested_work()
        began = time.monotonic()
        await asyncio.to_thread(work, steps)
        self.report(began)

    def requested_work(self) -> tuple[Callable[[int], int], int]:
        """Return what to do, and how much of it. Raises: Malformed."""
        steps = self.get_query_argument("steps", "1000000")
        work = WORK.get(self.get_query_argument("work", "query"))
        if work is None or not steps.isdecimal() or int(steps) > STEPS_MOST:
            raise Malformed(f"“work” is one of {', '.join(WORK)}, “steps” up to {STEPS_MOST}")
        return work, int(steps)

    def report(self, began: float) -> None:
        """Answer how long it took since `began`."""
        took_ms = round((time.monotonic() - began) * 1000, 1)
        self.finish(to_json({"took_ms": took_ms}))
