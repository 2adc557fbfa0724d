"""A reader of the learner's long poll, and whether what it got is exact."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from tutorial.exercises.checking.http_client import HttpClient, named
from tutorial.exercises.verdict import Failure, Timeline

TOO_MANY = 1000
MOST_EMPTY = 100


class PollingReader:
    """Asks again and again from the cursor it was given, and keeps what it got and when."""

    def __init__(self, name: str, client: HttpClient, timeline: Timeline) -> None:
        self.name, self.requests = name, 0
        self.ids: list[int] = []
        self.arrivals: dict[int, float] = {}
        self._client, self._timeline = client, timeline

    async def read(self, cursor: str) -> None:
        """Go on from this cursor, for ever or until it is clear that the same comes again.

        Raises: `Failure` when it is answered without a message, again and again.
        """
        empty = 0
        while len(self.ids) < TOO_MANY:
            self._timeline.note(f"{self.name} asks with cursor {cursor!r}", self.name)
            self.requests += 1
            batch = await self._client.hold(cursor=cursor)
            cursor = batch.cursor
            tags = ((self.name, number) for number in batch.ids)
            self._timeline.note(f"{self.name} gets {named(batch.ids)}", self.name, *tags)
            self.ids += batch.ids
            self.arrivals |= dict.fromkeys(batch.ids, self._timeline.now())
            empty = 0 if batch.ids else empty + 1
            if empty > MOST_EMPTY:
                got = f"{empty} answers without a message"
                raise Failure("a request that is held until there is a message", got)


def fault(ids: Sequence[int], posted: Sequence[int]) -> tuple[str, int] | None:
    """Return what is wrong with what a reader got and the first message it concerns, or None."""
    counts = Counter(ids)
    lost = [number for number in sorted(posted) if not counts[number]]
    doubled = [number for number, count in counts.items() if count > 1]
    late = [after for before, after in pairwise(ids) if before > after]
    for what, numbers in (("doubled", doubled), ("lost", lost), ("out of order", late)):
        if numbers:
            return f"{len(numbers)} {what}, the first of them message {numbers[0]}", numbers[0]
    return None
