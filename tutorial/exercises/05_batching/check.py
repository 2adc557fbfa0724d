"""Write 100 messages a second to three readers, then a single one, and count requests and delay."""

import asyncio
import random
from pathlib import Path
from statistics import median, quantiles

from tutorial.exercises.meanwhile import meanwhile
from tutorial.exercises.program import serving
from tutorial.exercises.reader import Reader, fault
from tutorial.exercises.verdict import Failure, Timeline
from tutorial.exercises.visitor import Visitor

READ_REQUESTS = "One request for each message"
READ_DELAY = "What a batch may cost"

READERS = 3
AWAY_SECONDS = 0.015
MESSAGES = 200
MESSAGES_PER_SECOND = 100
MAX_REQUESTS_PER_SECOND = 25
BATCH_SECONDS = 0.05
WAY_SECONDS = 0.03
ACK_SECONDS = 0.025
QUIET_SECONDS = 1.0


class Author:
    """Posts, and remembers when, and how long the answer took."""

    def __init__(self, visitor: Visitor, timeline: Timeline) -> None:
        self._visitor, self._timeline = visitor, timeline
        self.posted_at: dict[int, float] = {}
        self.ack_seconds: list[float] = []

    async def post(self, text: str) -> int:
        """Return the id of the message."""
        began = self._timeline.now()
        number = await self._visitor.post(text)
        self.posted_at[number] = began
        self.ack_seconds.append(self._timeline.now() - began)
        self._timeline.note(f"message {number} is posted", number, "posted", seconds=began)
        return number

    async def write(self) -> None:
        """Post at random moments, without waiting for answers."""
        async with asyncio.TaskGroup() as group:
            for count in range(MESSAGES):
                group.create_task(self.post(f"message {count}"))
                await asyncio.sleep(random.uniform(0.5, 1.5) / MESSAGES_PER_SECOND)

    @property
    def way_seconds(self) -> float:
        """How much later than its batch a message may come, on this machine as busy as it is."""
        return max(WAY_SECONDS, 2 * quantiles(self.ack_seconds, n=20)[-1])


async def check(path: Path) -> str:
    """Return the requests a second and the delay."""
    timeline = Timeline()
    async with serving(path) as program:
        visitor = Visitor(program)
        author = Author(visitor, timeline)
        readers = [
            Reader(f"reader {number + 1}", visitor, timeline, AWAY_SECONDS)
            for number in range(READERS)
        ]
        async with meanwhile(*(reader.read("0") for reader in readers)):
            rate = await _busy_room(author, readers, timeline)
            p95 = _delay(author, readers[0], timeline)
            await _lone_message(author, readers[0], timeline)
    return (
        f"{rate:.1f} requests a second for each reader, messages delayed by at most "
        f"{p95 * 1000:.0f} ms (95th percentile), posts answered after "
        f"{median(author.ack_seconds) * 1000:.0f} ms"
    )


async def _busy_room(author: Author, readers: list[Reader], timeline: Timeline) -> float:
    """Return the requests a second that a reader needed."""
    began = timeline.now()
    await author.write()
    seconds = timeline.now() - began
    rate = max(reader.requests for reader in readers) / seconds
    if rate > MAX_REQUESTS_PER_SECOND:
        expected = f"at most {MAX_REQUESTS_PER_SECOND} requests a second for each reader"
        got = f"{rate:.0f} a second, at {MESSAGES / seconds:.0f} messages a second"
        seen = timeline.about(readers[0].name)
        raise Failure(expected, got, read=READ_REQUESTS, timeline=seen)
    await asyncio.gather(*(reader.has(MESSAGES, QUIET_SECONDS) for reader in readers))
    for reader in readers:
        if found := fault(reader.ids, list(author.posted_at)):
            expected = f"{reader.name} gets each message once, in order"
            seen = timeline.around(found[1], reader.name)
            got = f"{found[0]}, when {QUIET_SECONDS:.0f} s of silence have passed"
            raise Failure(expected, got, read=READ_DELAY, timeline=seen)
    return rate


def _delay(author: Author, reader: Reader, timeline: Timeline) -> float:
    """Return the 95th percentile of the delay in seconds."""
    waited = median(author.ack_seconds)
    if waited > ACK_SECONDS:
        expected = "a post that is answered at once: the author is not part of the batch"
        got = f"the author waited {waited * 1000:.0f} ms (median of {MESSAGES} posts)"
        seen = timeline.about("posted")[-2:]
        raise Failure(expected, got, read=READ_DELAY, timeline=seen)
    delays = {number: reader.arrivals[number] - at for number, at in author.posted_at.items()}
    p95 = quantiles(delays.values(), n=20)[-1]
    if p95 > BATCH_SECONDS + author.way_seconds:
        worst = max(delays, key=lambda number: delays[number])
        expected = f"a delay of at most 50 ms, and {author.way_seconds * 1000:.0f} ms for the way"
        got = f"{p95 * 1000:.0f} ms (95th percentile), {delays[worst] * 1000:.0f} ms at worst"
        seen = timeline.about(worst, (reader.name, worst))
        raise Failure(expected, got, read=READ_DELAY, timeline=seen)
    return p95


async def _lone_message(author: Author, reader: Reader, timeline: Timeline) -> None:
    """Post one message in a silent room: no other comes to complete its batch."""
    number = await author.post("the only one")
    await reader.has(MESSAGES + 1, QUIET_SECONDS)
    if number not in reader.arrivals:
        expected = "a lone message comes within 50 ms too"
        got = f"it had not come after {QUIET_SECONDS:.0f} s: nothing follows that would complete it"
        seen = timeline.around(number, reader.name)
        raise Failure(expected, got, read=READ_DELAY, timeline=seen)
