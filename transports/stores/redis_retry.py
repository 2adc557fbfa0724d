"""RetryLoop: does one thing with Redis again and again, and through every failure of Redis.

The feed and the queue consumer both live like this. (redis-py's own `Retry` repeats one command a few times; this goes
on for ever.) When Redis goes away one line is logged, and one when it is back; between the tries there is a pause with
full jitter, so that those who lost Redis together don't come back together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from redis.backoff import FullJitterBackoff

from transports.store import Unavailable
from transports.stores.redis_address import FAILURES, RedisAddress

BACK_OFF = FullJitterBackoff(cap=1.0, base=0.05)  # seconds

log = logging.getLogger(__name__)


class RetryLoop:
    """Awaits `turn(failing)` for ever, `failing` being whether the last one failed; then calls `after_turn`."""

    def __init__(
        self,
        address: RedisAddress,
        turn: Callable[[bool], Awaitable[None]],
        after_turn: Callable[[], None],
    ) -> None:
        self._address = address
        self._turn = turn
        self._after_turn = after_turn
        self._failures = 0
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    @property
    def failing(self) -> bool:
        """Whether the last turn failed, or there will be no more."""
        return self._failures > 0 or self._task.done()

    async def close(self) -> None:
        """End, in the middle of a turn if need be."""
        while not self._task.done():
            self._task.cancel()  # until Python 3.12, wait_for can swallow one
            await asyncio.wait([self._task], timeout=0.1)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            log.critical("a bug of ours ended this for good", exc_info=task.exception())
        self._after_turn()

    async def _run(self) -> None:
        while True:
            try:
                await self._turn(self.failing)
            except (*FAILURES, Unavailable) as error:
                await self._pause(error)
            else:
                if self._failures:
                    log.warning("%s is back", self._address.shown)
                self._failures = 0
                self._after_turn()

    async def _pause(self, error: Exception) -> None:
        if not self._failures:
            log.warning("%s; trying again", self._address.unavailable(error))
        self._failures += 1
        self._after_turn()
        await asyncio.sleep(BACK_OFF.compute(min(self._failures, 10)))
