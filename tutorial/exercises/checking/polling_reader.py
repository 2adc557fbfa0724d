"""A reader of the learner's long poll, and whether what it got is exact."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from tutorial.exercises.checking.http_client import HttpClient, named
from tutorial.exercises.verdict import Timeline


class PollingReader:
    """Asks again and again from the cursor it was given, and keeps what it got and when."""

    def __init__(self, name: str, client: HttpClient, timeline: Timeline) -> None:
        self.name, self.requests = name, 0
        self.ids: list[int] = []
        self.arrivals: dict[int, float] = {}
        self._client, self._timeline = client, timeline
        self._heard = asyncio.Condition()

    async def read(self, cursor: str) -> None:
        """Go on for ever from this cursor."""
        while True:
            self._timeline.note(f"{self.name} asks with cursor {cursor!r}", self.name)
            self.requests += 1
            batch = await self._client.read(cursor=cursor)
            cursor = batch.cursor
            tags = ((self.name, number) for number in batch.ids)
            self._timeline.note(f"{self.name} gets {named(batch.ids)}", self.name, *tags)
            async with self._heard:
                self.ids += batch.ids
                self.arrivals |= dict.fromkeys(batch.ids, self._timeline.now())
                self._heard.notify_all()

    async def has(self, count: int, quiet_seconds: float) -> None:
        """Return when there are so many messages, or when none has come for a while."""
        async with self._heard:
            while len(self.arrivals) < count:
                try:
                    async with asyncio.timeout(quiet_seconds):
                        await self._heard.wait()
                except TimeoutError:
                    return


def fault(ids: Sequence[int], posted: Sequence[int]) -> tuple[str, int] | None:
    """Return what is wrong with what a reader got and the first message it concerns, or None."""
    counts = Counter(ids)
    lost = [number for number in sorted(posted) if not counts[number]]
    doubled = [number for number, count in counts.items() if count > 1]
    late = [after for before, after in pairwise(ids) if before > after]
    for what, numbers in (("lost", lost), ("doubled", doubled), ("out of order", late)):
        if numbers:
            return f"{len(numbers)} {what}, the first of them message {numbers[0]}", numbers[0]
    return None
