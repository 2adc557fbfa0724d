"""Schedule: when each message is due, decided before the first one is sent.

Open loop: a message is due when its time has come, whether or not the server has kept up, and its delay counts from
then. Gaps are exponential, because a fixed gap locks in phase with a poll interval. The same seed gives the same
schedule, so every transport carries the same load.
"""

from __future__ import annotations

import random
from collections.abc import Iterator


def endless(seed: int, rate: float) -> Iterator[float]:
    """Yield ascending seconds from the start, `rate` a second on average, for ever."""
    chance = random.Random(f"endless {seed}")
    due = 0.0
    while True:
        due += chance.expovariate(rate)
        yield due


def exactly(seed: int, rate: float, seconds: float) -> list[float]:
    """Return round(rate × seconds) ascending seconds within `seconds`, at least one.

    These are a Poisson process's times, given that it has as many events as expected: exponential gaps, scaled to
    fill the window. Two windows of the same length carry the same number of messages.
    """
    count = max(1, round(rate * seconds))
    chance = random.Random(f"exactly {seed} {rate} {seconds}")
    gaps = [chance.expovariate(1.0) for _ in range(count + 1)]
    scale = seconds / sum(gaps)
    due, times = 0.0, []
    for gap in gaps[:-1]:
        due += gap * scale
        times.append(due)
    return times
