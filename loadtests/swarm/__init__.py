"""The swarm: what the users of all transports share inside Locust.

Beside rows and shapes, Locust and gevent are imported here alone. Importing any module of this folder imports these
three, which listen to Locust's events.
"""

from loadtests.swarm import delivery_tab, lifecycle, options

__all__ = ["delivery_tab", "lifecycle", "options"]
