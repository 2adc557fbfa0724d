"""GroupCommit: drafts that arrive while a commit is under way are committed together by the next one.

Where a commit costs a round trip or an fsync, fifty writers then pay for one and not for fifty, and a single writer
waits no longer than before. What a commit is, each store says itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from transports.store import Appended, Unavailable
from transports.wire import Draft


@dataclass(slots=True)
class Waiting:
    """A draft that waits to be committed, and what its author waits for."""

    room: str
    draft: Draft
    sent_at: float = field(default_factory=lambda: round(time.time(), 6))
    appended: asyncio.Future[Appended] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def settle(self, outcome: Appended | Exception) -> None:
        """Answer the one that waits, unless it has left."""
        if self.appended.done():
            return
        if isinstance(outcome, Appended):
            self.appended.set_result(outcome)
        else:
            self.appended.set_exception(outcome)


Commit = Callable[[list[Waiting]], Awaitable[Sequence[Appended | Unavailable]]]


class GroupCommit:
    """Collects drafts, and has `commit` keep all that wait: one group at a time, in order."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def append(self, room: str, draft: Draft) -> Appended:
        """Have a draft kept. Raises: Unavailable."""
        waiting = Waiting(room, draft)
        self._waiting.append(waiting)
        if self._working is None:
            self._working = asyncio.ensure_future(self._work())
        return await waiting.appended

    async def finish(self) -> None:
        """Wait until nothing waits."""
        if self._working is not None:
            await self._working

    async def _work(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting, []
                await self._settle(together)
        finally:
            self._working = None

    async def _settle(self, together: list[Waiting]) -> None:
        outcomes: Sequence[Appended | Exception]
        try:
            outcomes = await self._commit(together)
        except Exception as error:  # raised for each that waits
            outcomes = [error] * len(together)
        for waiting, outcome in zip(together, outcomes, strict=True):
            waiting.settle(outcome)
