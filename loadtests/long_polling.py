"""Long polling under load: `locust -f loadtests/long_polling.py`.

Each user asks, is held for at most `--hold` seconds, and asks again at once.
"""

from __future__ import annotations

import gevent
from locust import task

from loadtests.results.model import ASK_AGAIN_SECONDS
from loadtests.swarm.reader import HttpReader


class LongPolling(HttpReader):
    """Asks “what is next?” and waits for the answer."""

    transport = "long-polling"

    @task
    def hold(self) -> None:
        # Meanwhile the others read what has come: users don't share a processor, but these here do. (Not
        # `gevent.idle()`: where something always comes, nobody would ever ask again.)
        gevent.sleep(ASK_AGAIN_SECONDS)
        # nobody holds a question that only asks where now is
        seconds = self.environment.parsed_options.hold if self.caught_up else 0
        batch = self.ask(wait=f"{seconds:g}")
        if batch is not None:
            self.delivered(batch, self.arrived)
