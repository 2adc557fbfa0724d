"""Load: how busy the generator itself is. A generator that is late measures itself, not the server.

Two signs, because each misses something: CPU seconds a second, and how late gevent's loop wakes up one who sleeps.
And how busy the whole machine was, since a loop is also late when other programs have the processors.
"""

from __future__ import annotations

import time

import gevent
import psutil

from loadtests.results.histogram import Histogram

TICK_SECONDS = 0.02


class OwnLoad:
    """Watches this process from its start until `stop`."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._machine = _busy_seconds()
        self._began = time.monotonic()
        self.lag = Histogram()
        self._greenlet = gevent.spawn(self._tick)

    def _tick(self) -> None:
        while True:
            due = time.monotonic() + TICK_SECONDS
            gevent.sleep(TICK_SECONDS)
            self.lag.add((time.monotonic() - due) * 1000)

    def stop(self) -> dict[str, float]:
        """End, and give the share of one core that was used, the cores busy in all, and the loop's lag."""
        self._greenlet.kill()
        seconds = time.monotonic() - self._began
        return {
            "cpu_share": round((time.process_time() - self._cpu) / seconds, 4),
            "machine_busy": round((_busy_seconds() - self._machine) / seconds, 2),
            "lag_p50_ms": round(self.lag.quantile_ms(0.5), 2),
            "lag_p99_ms": round(self.lag.quantile_ms(0.99), 2),
        }


def _busy_seconds() -> float:
    """Give the CPU seconds that all programs on this machine have used."""
    times = psutil.cpu_times()
    return float(
        sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
    )
