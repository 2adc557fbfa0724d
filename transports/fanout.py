"""Fanout: when what is new goes out, for all rooms of a process.

**A flush takes its time, then rests as long.** A process that is rested sends a new message at once. After a flush
that took 5 ms come 5 ms in which new messages gather; then they go out as one batch. At low rates nothing changes;
at high rates each reader gets fewer, bigger batches, and half of the loop's time stays free for everything else.
This is **adaptive batching**: Nagle's algorithm (RFC 896) and the group commit of a database do the same.
Nothing here knows a room: a flush is an iterator, and each of its steps yields its share of a loop's turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transports.wire import Batch

REST_MAX_SECONDS = 0.05  # no reader waits longer because of the rest

Flush = Callable[[], Iterator[float]]


@dataclass(slots=True)
class Sent:
    """What has been pushed since the start."""

    flushes: int = 0
    batches: int = 0  # one for each reader that it was sent to
    messages: int = 0  # in these batches
    rest_seconds: float = 0.0

    def count(self, batch: Batch, readers: int) -> None:
        """Count a batch that was sent to so many readers."""
        self.batches += readers
        self.messages += readers * len(batch.messages)


class Fanout:
    """Runs the flushes of all rooms, a step of each in turn, and rests when they are done."""

    def __init__(self) -> None:
        self.sent = Sent()
        self.rest_factor = 1.0  # seconds of rest for each second of flushing
        self._waiting: dict[Flush, None] = {}  # these begin in the next turn of the loop
        self._running: deque[Iterator[float]] = deque()
        self._begun: set[Flush] = set()  # since the last rest; none begins twice between two rests
        self._after_rest: dict[Flush, None] = {}
        self._scheduled = False
        self._took_seconds = 0.0  # since the last rest
        self._rested_at = 0.0  # on the loop's clock

    def schedule(self, flush: Flush) -> None:
        """Run a flush, as soon as the process is rested; once, however often it is asked for until it begins."""
        if flush in self._begun:
            self._after_rest[flush] = None
        else:
            self._waiting[flush] = None
            self._schedule_turn()

    def _schedule_turn(self) -> None:
        if self._scheduled:
            return
        self._scheduled = True
        loop = asyncio.get_running_loop()
        if loop.time() < self._rested_at:
            loop.call_at(self._rested_at, self._turn)
        else:
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Run a step of each flush, newcomers first, until their shares make a whole turn."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            share = 0.0
            while share < 1.0 and (self._waiting or self._running):
                share += self._step()
        finally:  # a bug in one flush ends that flush alone
            loop.call_soon(self._after_turn, began)

    def _step(self) -> float:
        if self._waiting:
            flush = next(iter(self._waiting))
            del self._waiting[flush]
            self._begun.add(flush)
            self._running.appendleft(flush())
        steps = self._running.popleft()
        share = next(steps, None)
        if share is None:
            return 0.0
        self._running.append(steps)
        return share

    def _after_turn(self, began: float) -> None:
        """Go on, or rest. What the turn released has been answered by now: that took time too."""
        now = asyncio.get_running_loop().time()
        self._took_seconds += now - began
        if self._waiting or self._running:
            self._turn()
        else:
            self._rest(now)

    def _rest(self, now: float) -> None:
        seconds = min(self._took_seconds * self.rest_factor, REST_MAX_SECONDS)
        self.sent.flushes += 1
        self.sent.rest_seconds += seconds
        self._took_seconds, self._rested_at = 0.0, now + seconds
        self._begun.clear()
        self._waiting, self._after_rest = self._after_rest, {}
        self._scheduled = False
        if self._waiting:
            self._schedule_turn()
