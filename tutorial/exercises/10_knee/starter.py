"""Say where the knee is before you run into it.

More and more readers come into one room. At some number of them a resource is used up: that is
the **knee**. Predict it from what one reader costs, and name the resource.

`knee` is given a transport ("short-polling", "long-polling" or "websocket"), the messages a second
that the room has, the seconds between two short polls of one reader, and a `machine`. It returns
how many readers there can be, and which of these runs out first:

- "processor": a server has one core, so one second of processor time each second;
- "memory": readers may take `memory_bytes` in all, each takes `reader_bytes`;
- "descriptors": each reader's connection is a file descriptor; there are `descriptors`.

The starter knows of a single resource. Be within a factor of 2 for each machine that the check
makes up. Then the check measures this machine, and prints your prediction beside what it measured.
Try it:

    python .learner/10_knee.py
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
    return machine.descriptors, "descriptors"


if __name__ == "__main__":
    small = Machine(130e-6, 170e-6, 6e-6, 18_000, 500e6, 1024)
    for transport in ("short-polling", "long-polling", "websocket"):
        print(transport, *knee(transport, rate=10, interval=1, machine=small))
