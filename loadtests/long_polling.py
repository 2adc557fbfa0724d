"""Long polling under load: `locust -f loadtests/long_polling.py`.

Each user asks, is held for at most `--hold` seconds, and asks again at once.
"""

from __future__ import annotations

import gevent
from locust import task

from loadtests.reader import HttpReader


class LongPolling(HttpReader):
    """Asks “what is next?” and waits for the answer."""

    transport = "long-polling"

    @task
    def hold(self) -> None:
        gevent.idle()  # other users’ answers are read first: each user has a processor of its own
        # nobody holds a question that only asks where now is
        seconds = self.environment.parsed_options.hold if self.caught_up else 0
        batch = self.ask(wait=f"{seconds:g}")
        if batch is not None:
            self.delivered(batch)
