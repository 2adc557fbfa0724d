"""Ramp: ever more users, in steps, to find the knee where delivery begins to take longer.

`locust -f loadtests/websockets.py,loadtests/shapes/ramp.py --headless -u 1000`: ten steps up to 1000 users.
"""

from __future__ import annotations

from locust import LoadTestShape

from loadtests.shapes.peak import peak_users, spawn_rate

STEPS = 10
STEP_SECONDS = 20


class Ramp(LoadTestShape):
    """A tenth of the users more every STEP_SECONDS."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        step = int(self.get_run_time() // STEP_SECONDS) + 1
        if step > STEPS:
            return None
        return max(1, peak_users(self) * step // STEPS), spawn_rate(self)
