"""Post a lone message, two within 50 ms, and a stream of them, and see what each reader needs.

Whatever else keeps this machine busy, the check is as strict, and no stricter: two messages count
as posted within 50 ms only when both were acknowledged before the 50 ms were over, and a stream
counts only when the way to the server was short beside the delay that it looks for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

from tutorial.exercises.checking.http_client import Batch, HttpClient, named
from tutorial.exercises.checking.polling_reader import PollingReader, fault
from tutorial.exercises.checking.task_scope import task_scope
from tutorial.exercises.sandbox.starting import serving
from tutorial.exercises.verdict import Failure, Timeline

READ_AGAIN = "Batch what comes together"

BATCH_SECONDS = 0.05
SURELY_WITHIN_SECONDS = 0.045
WAY_SECONDS = 0.03
STEP_SECONDS = 0.005
QUIET_SECONDS = 1.5
LONE_MESSAGES = 5
ROUNDS = 3
MOST_ROUNDS = 60
STREAM = 80
STREAM_SECONDS = 0.8
MOST_STREAMS = 8
MOST_WAY_SECONDS = 0.25
MAX_REQUESTS_PER_SECOND = 25


class Room:
    """The room behind the learner's server: who asks and posts there, and when."""

    def __init__(self, client: HttpClient, timeline: Timeline) -> None:
        self.client, self.timeline = client, timeline
        self.newest = 0
        self.posted_at: dict[int, float] = {}
        self.ack_seconds: list[float] = []

    async def post(self) -> int:
        """Post a message and return its id."""
        began = self.timeline.now()
        number = await self.client.post("hi")
        self.newest = max(self.newest, number)
        self.posted_at[number] = began
        self.ack_seconds.append(self.timeline.now() - began)
        self.timeline.note(f"message {number} is posted", number, seconds=began)
        return number

    async def read(self, cursor: int) -> tuple[Batch, float]:
        """Ask once, and return the answer and when it came. Raises: `Failure`."""
        self.timeline.note(f"a reader asks with cursor '{cursor}'", cursor + 1)
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                batch = await self.client.read(cursor=cursor)
        except TimeoutError:
            expected = "a message comes within 50 ms, whether or not another one follows"
            got = f"it had not come after {QUIET_SECONDS} s"
            seen = self.timeline.about(cursor + 1)
            raise Failure(expected, got, read=READ_AGAIN, timeline=seen) from None
        self.timeline.note(f"it gets {named(batch.ids)}", cursor + 1)
        return batch, self.timeline.now()

    async def settle(self) -> None:
        """Return when no batch is filling: the newest message has been told."""
        if self.newest:
            await self.read(self.newest - 1)


async def check(path: Path) -> str:
    """Return the requests a second and the delay in a busy room."""
    async with serving(path) as program:
        room = Room(HttpClient(program), Timeline())
        await _lone_messages(room)
        await _rounds(room, _waits_for_two)
        await _rounds(room, _waits_for_the_batch)
        for _ in range(MOST_STREAMS):
            if measured := await _stream(room):
                return measured
    expected = f"a way to the server that takes less than {MOST_WAY_SECONDS * 1000:.0f} ms"
    raise Failure(
        expected, f"{MOST_STREAMS} attempts with a longer one: it is too busy, check again"
    )


async def _lone_messages(room: Room) -> None:
    """A message that nothing follows comes soon too, and its author does not wait."""
    delays = []
    for _ in range(LONE_MESSAGES):
        async with task_scope(room.read(room.newest)) as (reader,):
            await room.client.arrive()
            number = await room.post()
            _, came_at = await reader
            delays.append(came_at - room.posted_at[number])
    seen = room.timeline.about(number)
    if min(room.ack_seconds) > WAY_SECONDS:
        expected = "a post that is answered at once: the author is not part of the batch"
        got = f"the author waited {min(room.ack_seconds) * 1000:.0f} ms, at best"
        raise Failure(expected, got, read=READ_AGAIN, timeline=seen)
    if min(delays) > BATCH_SECONDS + WAY_SECONDS:
        expected = "a delay of at most 50 ms, and a little for the way"
        got = f"{min(delays) * 1000:.0f} ms, at best of {LONE_MESSAGES} messages"
        raise Failure(expected, got, read=READ_AGAIN, timeline=seen)


async def _rounds(room: Room, play: Callable[[Room], Awaitable[bool]]) -> None:
    """Play until enough rounds were quick enough to count."""
    counted = 0
    for _ in range(MOST_ROUNDS):
        await room.settle()
        counted += await play(room)
        if counted == ROUNDS:
            return
    expected = f"a machine that can post two messages within {SURELY_WITHIN_SECONDS * 1000:.0f} ms"
    raise Failure(expected, f"{counted} of {MOST_ROUNDS} attempts: it is too busy, check again")


async def _waits_for_two(room: Room) -> bool:
    """A reader is held, two messages come; return whether they came quickly enough to count."""
    first = room.newest + 1
    async with task_scope(room.read(room.newest)) as (reader,):
        await room.client.arrive()
        both = await _two_posts(room)
        batch, _ = await reader
    quick = _within(room, first, both)
    if quick and len(batch.ids) < 2:
        expected = "two messages within 50 ms in one answer: one request for both"
        seen = room.timeline.about(first, first + 1)
        raise Failure(expected, named(batch.ids), read=READ_AGAIN, timeline=seen)
    return quick


async def _two_posts(room: Room) -> float:
    """Return when both messages were acknowledged, the second posted a moment after the first."""
    async with asyncio.TaskGroup() as group:
        group.create_task(room.post())
        await asyncio.sleep(STEP_SECONDS)
        group.create_task(room.post())
    return room.timeline.now()


async def _waits_for_the_batch(room: Room) -> bool:
    """A reader comes back while a batch is filling, and a second message comes."""
    before = room.newest
    await room.post()
    async with task_scope(room.read(before)) as (reader,):
        await asyncio.sleep(STEP_SECONDS)
        await room.post()
        both = room.timeline.now()
        batch, _ = await reader
    quick = _within(room, before + 1, both)
    if quick and len(batch.ids) < 2:
        expected = "a reader that comes back within the 50 ms is held, and gets the whole batch"
        seen = room.timeline.about(before + 1, before + 2)
        raise Failure(expected, named(batch.ids), read=READ_AGAIN, timeline=seen)
    return quick


def _within(room: Room, first: int, both: float) -> bool:
    return both - room.posted_at[first] < SURELY_WITHIN_SECONDS


async def _stream(room: Room) -> str:
    """Return the requests a second and the delay while many write, or '' if it doesn't count."""
    reader = PollingReader("the reader", room.client, room.timeline)
    already, began = room.newest, room.timeline.now()
    room.ack_seconds.clear()
    async with task_scope(reader.read(str(already))):
        async with asyncio.TaskGroup() as group:
            for _ in range(STREAM):
                group.create_task(room.post())
                await asyncio.sleep(STREAM_SECONDS / STREAM)
        await reader.has(STREAM, QUIET_SECONDS)
        seconds = room.timeline.now() - began
    posted = {number: at for number, at in room.posted_at.items() if number > already}
    if found := fault(reader.ids, list(posted)):
        seen = room.timeline.around(found[1], reader.name)
        expected = "each message once, in order"
        raise Failure(expected, found[0], read=READ_AGAIN, timeline=seen)
    way = max(WAY_SECONDS, 3 * quantiles(room.ack_seconds, n=20)[-1])
    if way > MOST_WAY_SECONDS:
        return ""
    rate = reader.requests / seconds
    if rate > MAX_REQUESTS_PER_SECOND:
        seen = room.timeline.about(reader.name)
        expected = f"at most {MAX_REQUESTS_PER_SECOND} requests a second for each reader"
        raise Failure(expected, f"{rate:.0f}", read=READ_AGAIN, timeline=seen)
    p95 = _delay(room, reader, posted, way)
    return (
        f"{rate:.1f} requests a second for a reader at {STREAM / STREAM_SECONDS:.0f} messages a "
        f"second; each message waited, with its way here, {p95 * 1000:.0f} ms (95th percentile)"
    )


def _delay(room: Room, reader: PollingReader, posted: dict[int, float], way: float) -> float:
    """Return the 95th percentile of the delay in seconds, of which `way` is not the batch's."""
    delays = {number: reader.arrivals[number] - at for number, at in posted.items()}
    p95 = quantiles(delays.values(), n=20)[-1]
    if p95 > BATCH_SECONDS + way:
        worst = max(delays, key=lambda number: delays[number])
        expected = f"a delay of at most 50 ms while many write, and {way * 1000:.0f} ms for the way"
        got = f"{p95 * 1000:.0f} ms (95th percentile), {delays[worst] * 1000:.0f} ms at worst"
        seen = room.timeline.about(worst, (reader.name, worst))
        raise Failure(expected, got, read=READ_AGAIN, timeline=seen)
    return p95
