"""Looks: what the server says of itself (`GET /inspect`), at the edges of a window and in between.

Each look is a request too. Its bytes are known exactly, and are taken off; its CPU (a quarter of a millisecond) is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loadtests.client.connection import Connection
from loadtests.client.headers import fetch_headers

LOOKS_A_SECOND = 2


class NotTheChat(Exception):
    """There is no server of this chat; the text says what there is instead."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the server said, and how many bytes it took, in all the looks so far, to ask and to be answered."""

    numbers: dict[str, Any]
    asked_bytes: int
    answered_bytes: (
        int  # without this look's own answer: the server had not sent it yet when it counted
    )

    def requests(self, transport: str) -> int:
        """Give how many requests of one transport the server has had."""
        return int(self.numbers["requests"].get(transport, 0))


class Looks:
    """Looks into one server, over a connection of its own. `count` is how many looks there were."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._connection = Connection(host, fetch_headers(host))
        self.count = 0

    def look(self) -> Look:
        """Ask the server. Raises: NotTheChat."""
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
            numbers["cpu_seconds"], numbers["requests"], numbers["transports"]
        except (ValueError, KeyError, TypeError) as error:
            raise NotTheChat(
                f"{self._host} has no counters at /inspect: is this chat served there?"
            ) from error
        return Look(numbers, self._connection.sent, answered)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
