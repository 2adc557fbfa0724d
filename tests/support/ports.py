"""Free ports of this machine."""

from loadtests.comparison.server import free_port

__all__ = ["free_port"]
