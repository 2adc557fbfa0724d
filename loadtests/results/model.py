"""Model: what the cost ought to be, from arithmetic and a few constants, before anything is measured.

N readers, poll interval T, hold H, r messages a second, round trip R (seconds). Thumb rules that the formulas refine:
requests a second: short N/T, long about N·r, push 0; mean delay: short T/2, long and push R/2; deliveries N·r for all.
Bytes: requests × an exchange + deliveries × a message. CPU: the same work, times what one of it costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.client.reading import Asks

JITTER = 0.1  # of a poll interval, both ways
# A client's time from an answer to its next question, as a browser takes it.
ASK_AGAIN_SECONDS = 0.003
MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What one unit of a transport's work costs the server, as the calibration found it.

    The unit is an exchange for polling, a push for the others. `bytes` are those of an exchange without messages, or of
    a push's wrapping; `idle_cpu` is the share of a core that the server takes when it is only inspected.
    """

    cpu_seconds: float
    bytes: float
    message_bytes: float
    round_trip: float  # seconds
    post_cpu_seconds: float  # to take in one message, however many read it
    idle_cpu: float


@dataclass(frozen=True, slots=True)
class Load:
    """The load that the model is asked about.

    `client_seconds` are the client's own for one delivery, since its readers share a processor, as real ones don't: to
    take it in, and to wait for that processor while other programs have it.
    """

    asks: Asks
    users: int
    rate: float
    poll_interval: float
    hold: float
    client_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model expects, each second. `cpu` is the share of one core."""

    requests: float
    bytes: float
    mean_delay_ms: float
    cpu: float


def predict(load: Load, costs: Costs) -> Prediction:
    """Return what a load should cost."""
    requests = requests_a_second(load, costs)
    deliveries = load.users * load.rate
    work = requests or deliveries
    return Prediction(
        requests,
        work * costs.bytes + deliveries * costs.message_bytes,
        mean_delay(load, costs) * MILLI,
        work * costs.cpu_seconds + load.rate * costs.post_cpu_seconds + costs.idle_cpu,
    )


def requests_a_second(load: Load, costs: Costs) -> float:
    """Return the requests a second of all users."""
    if load.asks is Asks.EVERY_INTERVAL:
        return load.users / load.poll_interval
    if load.asks is Asks.AGAIN_AT_ONCE:
        return load.users / _cycle(load, costs)
    return 0.0


def mean_delay(load: Load, costs: Costs) -> float:
    """Return the mean seconds from a message being due to a reader having it."""
    transit = costs.round_trip / 2
    if load.asks is Asks.EVERY_INTERVAL:
        # a message falls into long intervals more often than into short ones
        return load.poll_interval / 2 * (1 + JITTER**2 / 3) + transit
    away = _away(load, costs) if load.asks is Asks.AGAIN_AT_ONCE else 0.0
    return costs.round_trip + _queue(load, costs) + (1 - math.exp(-load.rate * away)) * away / 2


def crossover_rate(poll_interval: float) -> float:
    """Return the messages a second at which short and long polling need as many requests: one a poll interval."""
    return 1 / poll_interval


def _queue(load: Load, costs: Costs) -> float:
    """Seconds until half of the readers are served before you: by the server, and by a client that has them all."""
    return load.users * (costs.cpu_seconds + load.client_seconds) / 2


def _away(load: Load, costs: Costs) -> float:
    """Seconds from a message's release until the reader is held again: it queues, travels, and asks anew."""
    return costs.round_trip + ASK_AGAIN_SECONDS + _queue(load, costs)


def _cycle(load: Load, costs: Costs) -> float:
    """Seconds from one long poll to the next: away, then held for the next message, at most `hold`.

    Not held at all when a message came while the reader was away. Messages come at random (a Poisson process).
    """
    away = _away(load, costs)
    if load.rate == 0:
        return away + load.hold
    held = (1 - math.exp(-load.rate * load.hold)) / load.rate
    return away + math.exp(-load.rate * away) * held
