"""Reconnect storm: everybody leaves at once, and everybody comes back at once, as after a proxy's restart.

`locust -f loadtests/websockets.py,loadtests/shapes/reconnect_storm.py --headless -u 500`: see the row OPEN.
"""

from __future__ import annotations

from locust import LoadTestShape

from loadtests.shapes.peak import peak_users

STORMS = 4
HERE_SECONDS = 15
GONE_SECONDS = 3


class ReconnectStorm(LoadTestShape):
    """All users for HERE_SECONDS, one for GONE_SECONDS, and again."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        storm, seconds = divmod(self.get_run_time(), HERE_SECONDS + GONE_SECONDS)
        if storm >= STORMS:
            return None
        peak = peak_users(self)
        return (peak if seconds < HERE_SECONDS else 1), peak
