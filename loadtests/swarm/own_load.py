"""Own load: how busy the generator itself is. A generator that is late measures itself, not the server.

Two signs, because each misses something: CPU seconds a second, and how late gevent's loop wakes up one who sleeps.
And how busy the whole machine was, since a loop is also late when other programs have the processors.
"""

from __future__ import annotations

import time

import gevent

from loadtests.client.processor_time import busy_seconds, queued_seconds
from loadtests.results.histogram import Histogram
from loadtests.results.window_result import GeneratorLoad

TICK_SECONDS = 0.02


class OwnLoad:
    """Watches this process from `start` until `stop`."""

    def start(self) -> None:
        """Begin to watch."""
        self._cpu, self._machine = time.process_time(), busy_seconds()
        self._queued, self._began = queued_seconds(), time.monotonic()
        self._lag = Histogram()
        self._ticking = gevent.spawn(self._tick)

    def _tick(self) -> None:
        while True:
            due = time.monotonic() + TICK_SECONDS
            gevent.sleep(TICK_SECONDS)
            self._lag.add((time.monotonic() - due) * 1000)

    def stop(self, late_ms: float) -> GeneratorLoad:
        """End, and return how busy this process and its machine were; `late_ms` is how late it posted at worst."""
        self._ticking.kill()
        seconds = time.monotonic() - self._began
        return GeneratorLoad(
            cpu_share=round((time.process_time() - self._cpu) / seconds, 4),
            machine_busy=round((busy_seconds() - self._machine) / seconds, 2),
            lag_p50_ms=round(self._lag.quantile_ms(0.5), 2),
            lag_p99_ms=round(self._lag.quantile_ms(0.99), 2),
            late_ms=round(late_ms, 2),
            queued_share=round((queued_seconds() - self._queued) / seconds, 4),
        )
