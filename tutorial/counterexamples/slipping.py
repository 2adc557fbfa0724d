"""A wait that reads, then awaits something, then holds: wrong on purpose.

Between the read and the hold the loop runs, and a message that comes in that moment finds no held request to release.
Tests rarely find this fault: on an idle machine the moment is microseconds long, and everything passes.
"""

from __future__ import annotations

import asyncio

from transports.room import Room
from transports.wire import Batch, Cursor


async def wait(room: Room, cursor: Cursor, timeout: float) -> Batch:
    """As `Room.wait`, but for one line."""
    batch = room.since(cursor)
    if batch.has_news:
        return batch
    await asyncio.sleep(0.001)  # a cache, a line in a log: any await will do
    held = asyncio.get_running_loop().create_future()
    room._waiters.add(held)
    try:
        async with asyncio.timeout(timeout):
            await held
    except TimeoutError:
        pass
    finally:
        room._waiters.discard(held)
    return room.since(cursor)
