"""RateLimit: how many messages a client address may send (a token bucket an address).

A bucket holds `burst` messages and refills at `rate` a second. A full bucket need not be remembered, so only
addresses that sent something in the last `burst / rate` seconds take memory.
"""

from __future__ import annotations

import time
from collections import OrderedDict

BURST_SECONDS = 2  # a bucket holds what may be sent in this time


class RateLimit:
    """Allows `rate` messages a second for each address, in bursts of twice as many; 0: no limit."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(1.0, rate * BURST_SECONDS)
        # When each address's bucket is full again, the first to be so first.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, address: str) -> float:
        """Take one message from an address's bucket.

        Returns 0 when it may be sent, else the seconds until the next one may.
        """
        if self._rate <= 0:
            return 0.0
        now = time.monotonic()
        self._forget_full(now)
        full_at = max(now, self._full_at.get(address, now)) + 1 / self._rate
        wait = full_at - now - self._burst / self._rate
        if wait > 1e-9:
            return wait
        self._full_at[address] = full_at
        self._full_at.move_to_end(address)
        return 0.0

    def _forget_full(self, now: float) -> None:
        while self._full_at and next(iter(self._full_at.values())) <= now:
            self._full_at.popitem(last=False)
