"""Recommend a transport, from measurements.

`recommend` is given a workload and what things cost on one machine. It returns the name of a
transport, and a dictionary that says of each *simpler* one why it is not taken: "network" or
"processor". From the simplest to the least simple, they are

    short-polling, server-sent-events, long-polling, websocket

Take the first of them that the network lets through, and whose readers together take at most
`workload.cores` of the server's processor. If none of those that get through is cheap enough, take
the cheapest of them, and say "processor" of the simpler ones that get through.

- Short polling asks once in `workload.staleness` seconds, whether or not there is news. The others
  work once for each message to each reader: a held poll, or a push;
- `workload.network` is "open" (all get through), "buffers" (a proxy in between holds streams back:
  no server-sent events) or "no-hold" (a platform that can only answer at once: short polling alone).

The starter always says the same. The check asks about machines that it makes up, and at the end
about this one, with the costs that `python -m tutorial measure costs` found. Try it:

    python .learner/17_which_one.py
"""

from dataclasses import dataclass

SIMPLEST_FIRST = ("short-polling", "server-sent-events", "long-polling", "websocket")


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
    return "websocket", {}


if __name__ == "__main__":
    machine = Measured(poll=200e-6, held_poll=220e-6, push=10e-6)
    for readers in (100, 1000, 10_000):
        print(readers, *recommend(Workload(1, 5, readers, "open", 0.1), machine))
