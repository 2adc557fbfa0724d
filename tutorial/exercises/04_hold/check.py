"""Hold readers through a silent second, release them, time one out, and leave 100 times."""

import asyncio
from pathlib import Path

from tutorial.exercises.checking.http_client import Batch, HttpClient
from tutorial.exercises.checking.task_scope import task_scope
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import serving
from tutorial.exercises.verdict import Failure, Timeline

READ_FUTURE = "A held request is a future"
READ_TIME_OUT = "Hold, but not for ever"
READ_CLEAN_UP = "Nothing cancels your coroutine"

READERS = 20
SILENT_SECONDS = 1.0
MAX_WAKEUPS = 10
WAIT_SECONDS = 0.5
LATE_SECONDS = 1.0
STEP_SECONDS = 0.05
LEAVERS = 100
LEFTOVERS = 10


async def check(path: Path) -> str:
    """Return how quiet the held second was and what 100 clients left behind."""
    async with serving(path) as program:
        client, timeline = HttpClient(program), Timeline(lambda: program.now)
        wakeups = await _hold_and_release(program, client, timeline)
        await _time_out(client, timeline)
        leftovers = await _leave(program, client, timeline)
    return (
        f"{READERS} requests held for a silent second: {wakeups} wake-ups; "
        f"{LEAVERS} clients left: {max(leftovers, 0)} futures left behind"
    )


async def _hold_and_release(program: Program, client: HttpClient, timeline: Timeline) -> int:
    asking = (client.hold(cursor=0, wait=20) for _ in range(READERS))
    async with task_scope(*asking) as readers:
        await program.settle()
        timeline.note(f"{READERS} readers ask, nothing follows their cursor", "hold", "release")
        wakeups = await _silence(program, timeline)
        _still_held(readers, timeline)
        await _release(client, readers, timeline)
    return wakeups


def _still_held(readers: list[asyncio.Task[Batch]], timeline: Timeline) -> None:
    answered = [reader.result() for reader in readers if reader.done()]
    if answered:
        timeline.note(f"{len(answered)} of them have an answer", "hold")
        expected = "requests that are held until there is a message"
        got = f"{len(answered)} of {READERS} answered within a second, with {answered[0].ids}"
        raise Failure(expected, got, read=READ_FUTURE, timeline=timeline.about("hold"))


async def _silence(program: Program, timeline: Timeline) -> int:
    """Return how often the server woke up in a second in which nothing happened."""
    before = await program.settle()
    after = await program.advance(SILENT_SECONDS)
    wakeups = after.wakeups - before.wakeups
    timeline.note(f"a silent second later, the server woke up {wakeups} times", "hold")
    if after.spinning or wakeups > MAX_WAKEUPS:
        count = "asks without a pause" if after.spinning else f"{wakeups} wake-ups"
        expected = (
            f"a silent second wakes the server at most {MAX_WAKEUPS} times: a future costs none"
        )
        got = f"{count} in a silent second: a busy loop"
        raise Failure(expected, got, read=READ_FUTURE, timeline=timeline.about("hold"))
    return wakeups


async def _release(
    client: HttpClient, readers: list[asyncio.Task[Batch]], timeline: Timeline
) -> None:
    number = await client.post("wake up")
    timeline.note(f"message {number} is posted", "release")
    await client.program.settle()
    late = [reader for reader in readers if not reader.done()]
    expected = f"a post releases all {READERS} held requests, with that message"
    if late:
        timeline.note(f"{len(late)} of them are still held", "release")
        got = f"{len(late)} still held"
        raise Failure(expected, got, read=READ_FUTURE, timeline=timeline.about("release"))
    for reader in readers:
        if reader.result().ids != [number]:
            got = f"messages {reader.result().ids}"
            raise Failure(expected, got, read=READ_FUTURE, timeline=timeline.about("release"))


async def _time_out(client: HttpClient, timeline: Timeline) -> None:
    expected = f"wait={WAIT_SECONDS} ends after {WAIT_SECONDS} s with no messages, the same cursor"
    began = timeline.now()
    timeline.note(f"a reader asks with cursor '1' and wait={WAIT_SECONDS}", "time")
    async with task_scope(client.hold(cursor=1, wait=WAIT_SECONDS)) as (reader,):
        await client.program.settle()
        while not reader.done() and timeline.now() - began < WAIT_SECONDS + LATE_SECONDS:
            await client.program.pass_time(STEP_SECONDS, STEP_SECONDS)
        if not reader.done():
            got = f"still held after {WAIT_SECONDS + LATE_SECONDS} s"
            raise Failure(expected, got, read=READ_TIME_OUT, timeline=timeline.about("time"))
        batch = reader.result()
    took = timeline.now() - began
    timeline.note(f"the answer: cursor {batch.cursor!r}, messages {batch.ids}", "time")
    if batch.ids or batch.cursor != "1" or took < WAIT_SECONDS * 0.9:
        got = f"cursor {batch.cursor!r} and messages {batch.ids} after {took:.2f} s"
        raise Failure(expected, got, read=READ_TIME_OUT, timeline=timeline.about("time"))


async def _leave(program: Program, client: HttpClient, timeline: Timeline) -> int:
    """Return how many futures more there are after 100 clients came and left."""
    before = (await program.settle(count=True)).futures
    await client.come_and_leave("/messages?cursor=1&wait=30", LEAVERS)
    timeline.note(f"{LEAVERS} clients ask, are held, and go away", "leave")
    leftovers = (await program.settle(count=True)).futures - before
    timeline.note(f"{leftovers} futures more than before they came", "leave")
    if leftovers > LEFTOVERS:
        expected = f"nothing is left of {LEAVERS} clients that went away"
        got = f"{leftovers} futures are still kept, {leftovers / LEAVERS:.1f} for each of them"
        raise Failure(expected, got, read=READ_CLEAN_UP, timeline=timeline.about("leave"))
    await _goes_on(program, client, timeline)
    return leftovers


async def _goes_on(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """Post once more: the log of the server must be free of tracebacks."""
    await client.post("is anybody there?")
    await program.settle()
    if "Traceback" in program.printed:
        expected = "clients that go away raise nothing in the server"
        timeline.note("the server's log has a traceback", "leave")
        failure = await program.crashed(expected, "an exception in the log")
        raise Failure(expected, failure.got, read=READ_CLEAN_UP, timeline=timeline.about("leave"))
