"""Inspection: what the server says of itself (`GET /inspect`), at the edges of a measurement and in between.

Each inspection is a request too. Its bytes are known exactly, and are taken off; its CPU (a quarter of a millisecond)
is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loadtests.client.connection import Connection
from loadtests.client.headers import OUR_CODING, fetch_headers

INSPECTIONS_A_SECOND = 2
NEEDED = ("cpu_seconds", "requests", "transports", "held")


class NotTheChat(Exception):
    """There is no server of this chat; the text says what there is instead."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the server said, and how many bytes it took, in all inspections so far, to ask and to be answered.

    The answered bytes leave out this snapshot's own: the server had not sent it yet when it counted.
    """

    numbers: dict[str, Any]
    asked_bytes: int
    answered_bytes: int

    def requests(self, transport: str) -> int:
        """Return how many requests of one transport the server has had."""
        return int(self.numbers["requests"].get(transport, 0))


class Inspector:
    """Inspects one server, over a connection of its own. `count` is how often it did."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._connection = Connection(host, fetch_headers(host, codings=OUR_CODING))
        self.count = 0

    def inspect(self) -> Snapshot:
        """Return what the server says now. Raises: NotTheChat."""
        answered = self._connection.received
        self.count += 1
        try:
            answer = self._connection.ask("GET", "/inspect")
        except OSError as error:
            raise NotTheChat(f"{self._host} can’t be reached: {error.strerror or error}") from error
        if answer.status != 200:
            raise NotTheChat(
                f"{self._host} answers {answer.status} to GET /inspect: is this chat served there?"
            )
        try:
            numbers = answer.json()
            for name in NEEDED:
                numbers[name]
        except (ValueError, KeyError, TypeError) as error:
            raise NotTheChat(
                f"{self._host} has no counters at /inspect: is this chat served there?"
            ) from error
        return Snapshot(numbers, self._connection.sent, answered)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
