"""Recommend a transport, from measurements.

What a transport costs is its work in a second, times the measured cost of one unit of that work. The
network rules some out; of the rest, the simplest is taken that fits into the cores there are.
"""

from dataclasses import dataclass

SIMPLEST_FIRST = ("short-polling", "server-sent-events", "long-polling", "websocket")
BLOCKED = {
    "open": (),
    "buffers": ("server-sent-events",),
    "no-hold": ("server-sent-events", "long-polling", "websocket"),
}


@dataclass
class Workload:
    """What somebody wants to build."""

    rate: float  # messages a second to each reader
    staleness: float  # seconds that a message may be old
    readers: int
    network: str  # "open", "buffers" or "no-hold"
    cores: float  # of the server, that readers may take in all


@dataclass
class Measured:
    """What a machine's server pays, in seconds of its processor."""

    poll: float  # a short poll, answered at once
    held_poll: float  # a long poll: asked, held, and answered with a message
    push: float  # one message to one reader, over a WebSocket or an event stream


def recommend(workload: Workload, measured: Measured) -> tuple[str, dict[str, str]]:
    """Return the transport to take, and why none of the simpler ones."""
    one_reader = {
        "short-polling": measured.poll / workload.staleness,
        "server-sent-events": measured.push * workload.rate,
        "long-polling": measured.held_poll * workload.rate,
        "websocket": measured.push * workload.rate,
    }
    cores = {name: workload.readers * cost for name, cost in one_reader.items()}
    blocked = BLOCKED[workload.network]
    passing = [name for name in SIMPLEST_FIRST if name not in blocked]
    cheap = [name for name in passing if cores[name] <= workload.cores]
    taken = cheap[0] if cheap else min(passing, key=lambda name: cores[name])
    simpler = SIMPLEST_FIRST[: SIMPLEST_FIRST.index(taken)]
    return taken, {name: "network" if name in blocked else "processor" for name in simpler}


if __name__ == "__main__":
    machine = Measured(poll=200e-6, held_poll=220e-6, push=10e-6)
    for readers in (100, 1000, 10_000):
        print(readers, *recommend(Workload(1, 5, readers, "open", 0.1), machine))
