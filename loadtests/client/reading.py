"""Reading: how a reader of the pool reads, where it stands, and what some readers have counted together."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from enum import Enum

from loadtests.client.raw_http import request


class Asks(Enum):
    """When a reader asks: each interval, as soon as it was answered (and is then held), or once for all."""

    EVERY_INTERVAL = "every interval"
    AGAIN_AT_ONCE = "again at once"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Reading:
    """How readers read. `path` ends where a cursor is to follow; the first one is `first`.

    `interval_seconds` is between two polls, ± `jitter` as a share of it. `upgrades`: over a WebSocket. `browser`: with
    a browser's headers; without, requests are as short as they can be.
    """

    port: int
    path: str
    asks: Asks
    upgrades: bool = False
    first: str = "now"
    interval_seconds: float = 1.0
    jitter: float = 0.0
    browser: bool = True

    def request(self, cursor: str) -> bytes:
        """Return the bytes that ask from a cursor on."""
        return request("GET", self.path + cursor, self.port if self.browser else 0)


@dataclass(slots=True)
class Tally:
    """What some readers have counted together; `wire_bytes` go both ways.

    Each delivery has its delay, and its message's due moment (seconds since 1970) at the same place in `due`.
    """

    requests: int = 0
    wire_bytes: int = 0
    delays_ms: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)

    def deliver(self, due: float, now: float) -> None:
        """Count one delivery."""
        self.due.append(due)
        self.delays_ms.append((now - due) * 1000)

    def clear(self) -> None:
        """Forget the deliveries so far."""
        self.due.clear()
        self.delays_ms.clear()

    def percentile_ms(self, share: float) -> float:
        """Return the delay that `share` of all deliveries stayed within; 0 when there are none."""
        ordered = sorted(self.delays_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(slots=True, eq=False)
class PooledReader:
    """One connection, what it has received but not looked through, and the cursor to go on from."""

    connection: socket.socket
    reading: Reading
    tally: Tally
    cursor: str
    due: float = 0.0  # of the next poll, on the clock of time.monotonic
    rest: bytes = b""
