"""Chat: what all handlers of one server share.

Its rooms, its settings, and who is here at this moment: the requests in progress and the open sockets. It knows
no HTTP. Nothing in this package is global; two chats can live in one process, as they do in the tests.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from transports.proxies import TrustedProxies
from transports.rate import RateLimit
from transports.rooms import Rooms
from transports.stream import Traffic
from transports.tokens import Tokens

HOLD_SECONDS = 25.0  # below every common proxy's limit (nginx 60 s, Heroku 30 s; RFC 6202 §5.5)
DRAIN_SECONDS = 3.0


@dataclass
class Chat:
    """One chat server's shared state."""

    rooms: Rooms
    hold_seconds: float = HOLD_SECONDS
    rate: RateLimit = field(default_factory=lambda: RateLimit(0))
    publish_key: str | None = None
    tokens: Tokens = field(default_factory=Tokens)
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    traffic: Traffic = field(default_factory=Traffic)
    requests: Counter[str] = field(default_factory=Counter)  # transport -> how many were asked
    messages: int = 0  # accepted since the start
    queue_taken: int = 0  # entries of the queue that were posted, or were there already
    queue_dead: int = 0  # and those that were set aside
    draining: bool = False
    # Who is here: requests that are not answered yet, sockets and how to close each, answers that don't end and
    # how to end each; and the onlookers, each of whom is told of every visitor that leaves.
    in_progress: set[object] = field(default_factory=set)
    sockets: dict[object, Callable[[int, str], None]] = field(default_factory=dict)
    streams: dict[object, Callable[[], object]] = field(default_factory=dict)
    onlookers: set[Callable[[object], None]] = field(default_factory=set)
    _expiries: dict[object, asyncio.TimerHandle] = field(default_factory=dict)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    def left(self, visitor: object) -> None:
        """Note that a request was answered, or that a socket was closed."""
        self.in_progress.discard(visitor)
        self.sockets.pop(visitor, None)
        self.streams.pop(visitor, None)
        if expiry := self._expiries.pop(visitor, None):
            expiry.cancel()
        for tell in self.onlookers:
            tell(visitor)
        if self.draining and not self.in_progress and not self.sockets:
            self._gone.set()

    def expire(self, visitor: object, seconds: float) -> None:
        """Let a socket or a stream stay open for so long: as long as its token would let a poll in."""
        later = asyncio.get_running_loop().call_later
        self._expiries[visitor] = later(seconds, self._expire, visitor)

    def _expire(self, visitor: object) -> None:
        if end := self.streams.get(visitor):
            end()
        if close := self.sockets.get(visitor):
            close(4401, "the token has expired: get a fresh one")

    async def drain(self) -> None:
        """Answer all that is held, end every stream, close every socket with 1012, and wait until they are gone.

        Whoever doesn't go within DRAIN_SECONDS is left behind.
        """
        self.draining = True
        self.rooms.release()
        for end in list(self.streams.values()):
            end()
        for close in list(self.sockets.values()):
            close(1012, "the server restarts")
        self._gone.clear()
        if self.in_progress or self.sockets:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), DRAIN_SECONDS)
