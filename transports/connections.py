"""Connections: who is connected at this moment, and how they are all asked to go.

A request is *in progress* until it is answered. A socket or an event stream *lasts*: it stays open until its client
leaves, its token expires, or the server drains. It knows no HTTP; a handler is a connection by what it can do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

DRAIN_SECONDS = 3.0
EXPIRED = (4401, "the token has expired: get a fresh one")
RESTARTING = (1012, "the server restarts")


class Connection(Protocol):
    """A request of a client, or what it has become."""

    transport: str


class LastingConnection(Connection, Protocol):
    """A socket or an event stream."""

    def close(self, code: int, reason: str) -> None:
        """End it, for a reason that the transport says if it can (RFC 6455 §7.4)."""


class Connections:
    """The connections of one server."""

    def __init__(self) -> None:
        self.in_progress: set[Connection] = set()
        self.lasting: set[LastingConnection] = set()
        self.observers: set[Callable[[Connection], None]] = set()  # called when one closes
        self._expiries: dict[Connection, asyncio.TimerHandle] = {}
        self._all_closed = asyncio.Event()

    def count(self, transport: str) -> int:
        """Return how many sockets or streams of a transport are open."""
        return sum(connection.transport == transport for connection in self.lasting)

    def open(self, connection: LastingConnection, seconds: float | None = None) -> None:
        """Note a socket or stream that begins; close it after `seconds`, when its token expires."""
        self.lasting.add(connection)
        if seconds is not None:
            later = asyncio.get_running_loop().call_later
            self._expiries[connection] = later(seconds, connection.close, *EXPIRED)

    def closed(self, connection: Connection) -> None:
        """Note that a request was answered or cut, or that a socket or stream has ended; a second time is none."""
        if connection not in self.in_progress and connection not in self.lasting:
            return
        self.in_progress.discard(connection)
        self.lasting.discard(connection)
        if expiry := self._expiries.pop(connection, None):
            expiry.cancel()
        for observe in self.observers:
            observe(connection)
        if not self.in_progress and not self.lasting:
            self._all_closed.set()

    async def drain(self) -> None:
        """Close every socket (1012) and stream, and wait until all that is open has gone.

        What doesn't go within DRAIN_SECONDS is left behind.
        """
        for connection in list(self.lasting):
            connection.close(*RESTARTING)
        self._all_closed.clear()
        if self.in_progress or self.lasting:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_closed.wait(), DRAIN_SECONDS)
