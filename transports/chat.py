"""Chat: what all handlers of one server share: its rooms, its connections, its settings.

It knows no HTTP. Nothing in this package is global; two chats can live in one process, as they do in the tests.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from transports.connections import Connections
from transports.parameters import HOLD_SECONDS
from transports.proxies import TrustedProxies
from transports.rate import RateLimit
from transports.rooms import Rooms
from transports.store import Counts
from transports.stream import Traffic
from transports.tokens import Tokens


@dataclass
class Chat:
    """One chat server's shared state."""

    rooms: Rooms
    hold_seconds: float = HOLD_SECONDS
    rate: RateLimit = field(default_factory=lambda: RateLimit(0))
    publish_key: str | None = None
    tokens: Tokens = field(default_factory=Tokens)
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    connections: Connections = field(default_factory=Connections)
    traffic: Traffic = field(default_factory=Traffic)
    requests: Counter[str] = field(default_factory=Counter)  # transport -> how many were asked
    counts: Counts = field(default_factory=Counts)
    cacheable: bool = False  # a cache in front may answer equal long polls for a second
    draining: bool = False

    async def drain(self) -> None:
        """Answer all that is held, end every stream, close every socket with 1012, and wait until they are gone."""
        self.draining = True
        self.rooms.release()
        await self.connections.drain()
