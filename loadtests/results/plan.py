"""Cells: what is measured. A cell is one transport, at one message rate, with so many users.

Plain data and arithmetic; nothing here starts anything.
"""

from __future__ import annotations

from dataclasses import dataclass

TRANSPORTS = {
    "short-polling": ("short_polling", "ShortPolling"),
    "long-polling": ("long_polling", "LongPolling"),
    "websocket": ("websockets", "WebSocket"),
    "server-sent-events": ("server_sent_events", "ServerSentEvents"),
}  # transport -> locustfile, user class
LABELS = {
    "short-polling": "Short polling",
    "long-polling": "Long polling",
    "websocket": "WebSocket",
    "server-sent-events": "Server-sent events",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing to measure: `rate` messages a second reach `users` readers over `transport`."""

    transport: str
    rate: float
    users: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures, and how.

    Each cell is measured `rounds` times. `seconds` are its window in one round; it is longer where messages are rare.
    """

    transports: tuple[str, ...]
    rates: tuple[float, ...]
    users: tuple[int, ...]
    seconds: float
    rounds: int = 1
    warm_up: float = 1.0
    poll_interval: float = 1.0
    hold: float = 25.0
    seed: int = 1
    fewest_messages: int = 2

    def turns(self) -> list[Cell]:
        """Give all cells in the order of measuring, each once a round.

        Each rate begins with another transport: what drifts on the machine does not always hit the same one. And a
        cell's rounds lie far apart, so that they show how much drifts.
        """
        loads = [(users, rate) for users in self.users for rate in self.rates]
        cells = []
        for turn, (users, rate) in enumerate(loads * self.rounds):
            start = turn % len(self.transports)
            turned = self.transports[start:] + self.transports[:start]
            cells += [Cell(transport, rate, users) for transport in turned]
        return cells

    def window_seconds(self, cell: Cell) -> float:
        """Give a cell's window in one round: long enough for `fewest_messages`."""
        return max(self.seconds, self.fewest_messages / cell.rate)


def descriptors_needed(users: int) -> int:
    """Give how many file descriptors one process needs: a connection a user, and some for itself."""
    return users + 100
