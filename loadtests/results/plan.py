"""Plan: what a run measures. A case is one transport, at one message rate, with so many users.

Plain data and arithmetic; nothing here starts anything.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure: `rate` messages a second reach `users` readers over `transport`."""

    transport: str
    rate: float
    users: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures, and how.

    Each case is measured `repetitions` times. `seconds` are its window in one; it is longer where messages are rare.
    """

    transports: tuple[str, ...]
    rates: tuple[float, ...]
    users: tuple[int, ...]
    seconds: float
    repetitions: int = 1
    warm_up: float = 1.0
    poll_interval: float = 1.0
    hold: float = 25.0
    seed: int = 1
    fewest_messages: int = 2
    observer: bool = False

    def turns(self) -> list[Case]:
        """Return all cases in the order of measuring, each once a repetition.

        Each rate begins with another transport: what drifts on the machine does not always hit the same one. And a
        case's repetitions lie far apart, so that they show how much drifts.
        """
        loads = [(users, rate) for users in self.users for rate in self.rates]
        cases = []
        for turn, (users, rate) in enumerate(loads * self.repetitions):
            start = turn % len(self.transports)
            turned = self.transports[start:] + self.transports[:start]
            cases += [Case(transport, rate, users) for transport in turned]
        return cases

    def window_seconds(self, case: Case) -> float:
        """Return a case's window in one repetition: long enough for `fewest_messages`."""
        return max(self.seconds, self.fewest_messages / case.rate)
