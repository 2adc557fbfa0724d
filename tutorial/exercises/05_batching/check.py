"""Post a lone message, two within 50 ms, and a stream of them, and see what each reader needs.

The server's clock goes on only when the check says so, in steps of 5 ms: what is measured is what
the learner's code waits for, and nothing else.
"""

import asyncio
from pathlib import Path

from tutorial.exercises.checking.http_client import Batch, HttpClient, named
from tutorial.exercises.checking.polling_reader import PollingReader, fault
from tutorial.exercises.checking.task_scope import task_scope
from tutorial.exercises.sandbox.starting import serving
from tutorial.exercises.verdict import Failure, Timeline

READ_AGAIN = "Batch what comes together"

BATCH_SECONDS = 0.05
STEP_SECONDS = 0.005
ROUNDING_SECONDS = 0.001
LATE_SECONDS = 1.5
LONE_MESSAGES = 5
ROUNDS = 3
STREAM = 80
STREAM_SECONDS = 0.8
MAX_REQUESTS_PER_SECOND = 25


class Room:
    """The room behind the learner's server: what is asked and posted there, and when."""

    def __init__(self, client: HttpClient) -> None:
        self.client, self.program = client, client.program
        self.timeline = Timeline(lambda: self.program.now)
        self.newest = 0
        self.posted_at: dict[int, float] = {}

    async def post(self) -> int:
        """Post a message and return its id. Raises: `Failure` when the author has to wait."""
        began = self.timeline.now()
        number = await self.client.post("hi")
        took = self.timeline.now() - began
        self.newest = max(self.newest, number)
        self.posted_at[number] = began
        self.timeline.note(f"message {number} is posted", number, seconds=began)
        if took > ROUNDING_SECONDS:
            expected = "a post that is answered at once: the author is not part of the batch"
            got = f"the author waited {took * 1000:.0f} ms"
            seen = self.timeline.about(number)
            raise Failure(expected, got, read=READ_AGAIN, timeline=seen)
        await self.program.settle()
        return number

    async def read(self, cursor: int) -> Batch:
        """Ask once, and return the answer, whenever it comes."""
        self.timeline.note(f"a reader asks with cursor '{cursor}'", cursor + 1)
        batch = await self.client.hold(cursor=cursor)
        self.timeline.note(f"it gets {named(batch.ids)}", cursor + 1)
        return batch

    async def comes(self, reader: asyncio.Task[Batch], first: int) -> Batch:
        """Let time go on until the reader has its answer. Raises: `Failure` when it has none."""
        began = self.timeline.now()
        while not reader.done() and self.timeline.now() - began < LATE_SECONDS:
            await self.program.pass_time(STEP_SECONDS, STEP_SECONDS)
        if not reader.done():
            expected = "a message comes within 50 ms, whether or not another one follows"
            got = f"it had not come after {LATE_SECONDS} s"
            seen = self.timeline.about(first)
            raise Failure(expected, got, read=READ_AGAIN, timeline=seen)
        return reader.result()


async def check(path: Path) -> str:
    """Return the requests a second and the delay in a busy room."""
    async with serving(path) as program:
        room = Room(HttpClient(program))
        await _lone_messages(room)
        for _ in range(ROUNDS):
            await _waits_for_two(room)
        for _ in range(ROUNDS):
            await _waits_for_the_batch(room)
        return await _stream(room)


async def _lone_messages(room: Room) -> None:
    """A message that nothing follows comes soon too, and its author does not wait."""
    for _ in range(LONE_MESSAGES):
        async with task_scope(room.read(room.newest)) as (reader,):
            await room.program.settle()
            number = await room.post()
            await room.comes(reader, number)
            delay = room.timeline.now() - room.posted_at[number]
        if delay > BATCH_SECONDS + ROUNDING_SECONDS:
            expected = "a delay of at most 50 ms for a message that nothing follows"
            seen = room.timeline.about(number)
            raise Failure(expected, f"{delay * 1000:.0f} ms", read=READ_AGAIN, timeline=seen)


async def _waits_for_two(room: Room) -> None:
    """A reader is held, and two messages come, the second a moment after the first."""
    first = room.newest + 1
    async with task_scope(room.read(room.newest)) as (reader,):
        await room.program.settle()
        await room.post()
        await room.program.pass_time(STEP_SECONDS, STEP_SECONDS)
        await room.post()
        batch = await room.comes(reader, first)
    if len(batch.ids) < 2:
        expected = "two messages within 50 ms in one answer: one request for both"
        seen = room.timeline.about(first, first + 1)
        raise Failure(expected, named(batch.ids), read=READ_AGAIN, timeline=seen)


async def _waits_for_the_batch(room: Room) -> None:
    """A reader comes back while a batch is filling, and a second message comes."""
    before = room.newest
    await room.post()
    async with task_scope(room.read(before)) as (reader,):
        await room.program.settle()
        await room.program.pass_time(STEP_SECONDS, STEP_SECONDS)
        await room.post()
        batch = await room.comes(reader, before + 1)
    if len(batch.ids) < 2:
        expected = "a reader that comes back within the 50 ms is held, and gets the whole batch"
        seen = room.timeline.about(before + 1, before + 2)
        raise Failure(expected, named(batch.ids), read=READ_AGAIN, timeline=seen)


async def _stream(room: Room) -> str:
    """Return the requests a second and the delay while many write."""
    reader = PollingReader("the reader", room.client, room.timeline)
    already, began = room.newest, room.timeline.now()
    async with task_scope(reader.read(str(already))):
        for _ in range(STREAM):
            await room.post()
            await room.program.pass_time(STREAM_SECONDS / STREAM, STEP_SECONDS)
        while len(reader.arrivals) < STREAM and room.timeline.now() - began < 2 * LATE_SECONDS:
            await room.program.pass_time(STEP_SECONDS, STEP_SECONDS)
    seconds = room.timeline.now() - began
    posted = {number: at for number, at in room.posted_at.items() if number > already}
    _exactly_once(room, reader, posted)
    rate = reader.requests / seconds
    if rate > MAX_REQUESTS_PER_SECOND:
        seen = room.timeline.about(reader.name)
        expected = f"at most {MAX_REQUESTS_PER_SECOND} requests a second for each reader"
        raise Failure(expected, f"{rate:.0f}", read=READ_AGAIN, timeline=seen)
    longest = _longest_delay(room, reader, posted)
    return (
        f"{rate:.1f} requests a second for a reader at {STREAM / STREAM_SECONDS:.0f} messages a "
        f"second; no message waited longer than {longest * 1000:.0f} ms"
    )


def _exactly_once(room: Room, reader: PollingReader, posted: dict[int, float]) -> None:
    if found := fault(reader.ids, list(posted)):
        seen = room.timeline.around(found[1], reader.name)
        expected = "each message once, in order"
        raise Failure(expected, found[0], read=READ_AGAIN, timeline=seen)


def _longest_delay(room: Room, reader: PollingReader, posted: dict[int, float]) -> float:
    """Return the longest delay in seconds."""
    delays = {number: reader.arrivals[number] - at for number, at in posted.items()}
    worst = max(delays, key=lambda number: delays[number])
    if delays[worst] > BATCH_SECONDS + ROUNDING_SECONDS:
        expected = "a delay of at most 50 ms while many write"
        got = f"{delays[worst] * 1000:.0f} ms for message {worst}"
        seen = room.timeline.about(worst, (reader.name, worst))
        raise Failure(expected, got, read=READ_AGAIN, timeline=seen)
    return delays[worst]
