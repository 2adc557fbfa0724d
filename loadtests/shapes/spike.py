"""Spike: a few users, then suddenly all of them, then a few again. Does delivery recover?

`locust -f loadtests/long_polling.py,loadtests/shapes/spike.py --headless -u 500`
"""

from __future__ import annotations

from locust import LoadTestShape

from loadtests.shapes.peak import peak_users

QUIET_SHARE = 0.1
QUIET_SECONDS = 20
SPIKE_SECONDS = 20


class Spike(LoadTestShape):
    """QUIET_SHARE of the users, with all of them in the middle."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        peak, seconds = peak_users(self), self.get_run_time()
        if seconds > 2 * QUIET_SECONDS + SPIKE_SECONDS:
            return None
        spike = QUIET_SECONDS <= seconds < QUIET_SECONDS + SPIKE_SECONDS
        return (peak if spike else max(1, round(peak * QUIET_SHARE))), peak
