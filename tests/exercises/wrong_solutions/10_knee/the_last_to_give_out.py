"""The resource that lasts longest is named.

Told: “processor” gives out first
"""

from dataclasses import dataclass


@dataclass
class Machine:
    """What one thing costs the server, and what there is in all."""

    poll_cpu: float  # processor seconds of a short poll, answered at once
    held_poll_cpu: float  # of a long poll: asked, held, and answered with a message
    push_cpu: float  # of one message to one reader over a WebSocket
    reader_bytes: float
    memory_bytes: float
    descriptors: int


def knee(transport: str, rate: float, interval: float, machine: Machine) -> tuple[float, str]:
    """Give how many readers there can be, and what gives out then."""
    cpu_a_second = {
        "short-polling": machine.poll_cpu / interval,
        "long-polling": machine.held_poll_cpu * rate,
        "websocket": machine.push_cpu * rate,
    }[transport]
    limits = {
        "processor": 1 / cpu_a_second,
        "memory": machine.memory_bytes / machine.reader_bytes,
        "descriptors": machine.descriptors,
    }
    first = max(limits, key=lambda resource: limits[resource])
    return limits[first], first
