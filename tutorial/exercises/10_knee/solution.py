"""Say where the knee is before you run into it.

What a reader costs in a second is work a second times the cost of the work: a short poll comes by
the clock, a long poll and a push by the message. Each resource has a number of readers at
which it is used up; the knee is the least of the three.
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
    """Return how many readers there can be, and what runs out then."""
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
    first = min(limits, key=lambda resource: limits[resource])
    return limits[first], first


if __name__ == "__main__":
    small = Machine(130e-6, 170e-6, 6e-6, 18_000, 500e6, 1024)
    for transport in ("short-polling", "long-polling", "websocket"):
        print(transport, *knee(transport, rate=10, interval=1, machine=small))
