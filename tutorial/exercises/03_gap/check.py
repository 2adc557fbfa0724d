"""Post 200 messages at once to three readers, then one at a time into the readers' turnaround.

The server's clock stands still unless the check lets it go on. So each lone message comes while a
reader that has just asked again is wherever the server's `await`s leave it.
"""

import asyncio
from pathlib import Path

from tutorial.exercises.checking.http_client import HttpClient
from tutorial.exercises.checking.polling_reader import PollingReader, fault
from tutorial.exercises.checking.task_scope import task_scope
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import serving
from tutorial.exercises.verdict import Failure, Timeline

READ_LOST = "The message nobody was waiting for"
READ_CURSOR = "A cursor closes the gap"
READ_AWAIT = "No await between looking and waiting"

READERS = 3
POSTS = 200
LONE_POSTS = 20
QUIET_SECONDS = 1.0
STEP_SECONDS = 0.05


async def check(path: Path) -> str:
    """Count lost, doubled and out of order at three readers."""
    async with serving(path) as program:
        client, timeline = HttpClient(program), Timeline(lambda: program.now)
        readers = [PollingReader(f"reader {number}", client, timeline) for number in (1, 2, 3)]
        async with task_scope(*(reader.read("") for reader in readers)):
            await program.settle()
            await program.advance(STEP_SECONDS)
            posts = (_post(client, timeline, f"m-{number}") for number in range(POSTS - 1))
            posted = await asyncio.gather(*posts)
            await program.pass_time(5 * STEP_SECONDS, STEP_SECONDS)
            posted.append(
                await _post(client, timeline, "the last one")
            )  # wakes readers that still wait
            await _wait_for(POSTS, readers, program)
            for reader in readers:
                _exact(reader, posted, timeline)
            await _lone_posts(client, readers, timeline)
    return f"{POSTS + LONE_POSTS} posts, {READERS} readers: 0 lost, 0 doubled, 0 out of order"


async def _post(client: HttpClient, timeline: Timeline, text: str) -> int:
    """Return the id that the server gave the message."""
    began = timeline.now()
    number = await client.post(text)
    timeline.note(f"{text} is posted: it becomes message {number}", number, seconds=began)
    return number


async def _wait_for(count: int, readers: list[PollingReader], program: Program) -> None:
    """Return when all readers have so many messages, or when time has passed and nothing comes."""
    await program.settle()
    for _ in range(round(QUIET_SECONDS / STEP_SECONDS)):
        if all(len(reader.arrivals) >= count for reader in readers):
            return
        await program.pass_time(STEP_SECONDS, STEP_SECONDS)


def _exact(reader: PollingReader, posted: list[int], timeline: Timeline) -> None:
    """Raise `Failure` for the first message that is not there once, at its place."""
    found = fault(reader.ids, posted)
    if not found:
        return
    got, number = found
    expected = f"{reader.name} gets each of {POSTS} messages once, in the order of their ids"
    if number in reader.ids:
        seen = timeline.about(number, (reader.name, number))
        raise Failure(expected, got, read=READ_CURSOR, timeline=seen)
    raise Failure(expected, got, read=READ_LOST, timeline=timeline.around(number, reader.name))


async def _lone_posts(client: HttpClient, readers: list[PollingReader], timeline: Timeline) -> None:
    """Post when the readers have just been answered: no later message comes to wake them."""
    for count in range(POSTS + 1, POSTS + LONE_POSTS + 1):
        if count % 2:  # they have asked again; else they are still on their way
            await client.program.settle()
        number = await _post(client, timeline, f"lone message {count}")
        await _wait_for(count, readers, client.program)
        for reader in readers:
            if number not in reader.ids:
                expected = f"{reader.name} gets a lone message within {QUIET_SECONDS:.0f} s"
                got = (
                    f"message {number} was posted just as the reader came back, and it still waits"
                )
                seen = timeline.around(number, reader.name)
                raise Failure(expected, got, read=READ_AWAIT, timeline=seen)
