"""Short polling under load: `locust -f loadtests/short_polling.py`.

Each user asks every `--poll-interval` seconds, ± 10 %: users that start together would stay in step for ever.
"""

from __future__ import annotations

import time

import gevent
from locust import task

from loadtests.results.model import JITTER
from loadtests.swarm.reader import HttpReader


class ShortPolling(HttpReader):
    """Asks “what is there?” again and again."""

    transport = "short-polling"

    def on_start(self) -> None:
        self._interval: float = self.environment.parsed_options.poll_interval
        gevent.sleep(self.random.uniform(0, self._interval))
        self._due = time.monotonic()
        super().on_start()

    def wait_time(self) -> float:
        """Return the seconds until the next poll is due: a slow answer doesn't slow the polling."""
        self._due = max(
            self._due + self._interval * self.random.uniform(1 - JITTER, 1 + JITTER),
            time.monotonic(),
        )
        return self._due - time.monotonic()

    @task
    def poll(self) -> None:
        batch = self.ask()
        while batch is not None:
            self.delivered(batch, self.arrived)
            batch = self.ask() if batch["more"] else None
