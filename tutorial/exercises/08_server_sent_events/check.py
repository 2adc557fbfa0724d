"""Read from the learner's transport as a browser would, then run the project's own suite for it."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from tutorial.exercises.checking import own_transport, suite
from tutorial.exercises.checking.event_stream import Stream, opened
from tutorial.exercises.checking.http_client import HttpClient, named
from tutorial.exercises.checking.own_transport import chat_with
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.verdict import Event, Failure, Timeline

READ_EVENT = "An answer that does not end"
READ_LAST_EVENT_ID = "The browser brings the cursor back"
READ_SUITE = "One suite for every transport"

TRANSPORT = "server-sent-events"
SERVED = TRANSPORT  # what a server in another language, in place of the file, must serve
READERS = 20
RETRY_MS = range(500, 3001)
HEARTBEAT_SECONDS = 20.0
LATE_SECONDS = 1.5
STOP_SECONDS = 1.5
FIELDS = ["event", "data", "id"]
AT_ONCE = "an event at once"

Report = Callable[[dict[str, Any]], None]


def drive(learner: dict[str, Any], report: Report, what: str, path: str) -> None:
    """Serve the chat with the learner's transport in its table, or run the suite for it."""
    if what == "serve":
        asyncio.run(own_transport.serve(learner["TRANSPORTS"], report))
    else:
        suite.run(path, report)


async def check(path: Path) -> str:
    """Return how many of the suite's cases the transport has passed."""
    async with chat_with(path, __file__) as program:
        client, timeline = HttpClient(program), Timeline(lambda: program.now)
        await _sends_events(program, client, timeline)
        await _goes_on(program, client, timeline)
        await _spreads_and_releases(program, client, timeline)
        await _sends_heartbeats(program, client, timeline)
    await _stops(path)
    with _read(READ_SUITE):
        count = await suite.passed(path, __file__, "suite", str(path))
    return f"the wire is right, and {count} cases of the project's own suite pass"


async def _sends_events(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """The first batch at once, an event each, and the stream goes on."""
    target = f"/rooms/lobby/{TRANSPORT}"
    async with opened(program, timeline, target) as stream:
        status, kind = await stream.head()
        if (status, kind.partition(";")[0]) != (200, "text/event-stream"):
            failure = await program.crashed("status 200 and text/event-stream", f"{status} {kind}")
            raise Failure(failure.expected, failure.got, read=READ_EVENT)
        first = "an event at once, with an empty batch in an empty room"
        _event_of([], await _next(stream, first), timeline.about(target))
        for count in (1, 2, 3):
            number = await client.post(f"message {count}", "/rooms/lobby/messages")
            expected = f"message {number} as an event, on the same stream"
            timeline.note(f"message {number} is posted", target)
            _event_of([number], await _next(stream, expected), timeline.about(target))


async def _next(stream: Stream, expected: str) -> Mapping[str, str]:
    with _read(READ_EVENT):
        return await stream.event(expected)


def _event_of(ids: list[int], event: Mapping[str, str], seen: Sequence[Event]) -> str:
    """Return the event's cursor when it has these messages. Raises: `Failure`."""
    try:
        batch: dict[str, Any] = json.loads(event.get("data", ""))
        came = [message["id"] for message in batch["messages"]]
    except (ValueError, KeyError, TypeError):
        got = f"the fields {dict(event)}"
        raise Failure("a batch in the field data", got, read=READ_EVENT, timeline=seen) from None
    expected, got = f"{named(ids)} in the event", named(came)
    if (event.get("event"), event.get("id")) != ("batch", batch["cursor"]):
        expected = f"the fields event: batch and id: {batch['cursor']}, the batch's cursor"
        got = f"event: {event.get('event')} and id: {event.get('id')}"
    elif came == ids:
        expected = "the fields event, data, id, in this order: a cut before data must not lose it"
        got = ", ".join(name for name in event if name in FIELDS)
        if got == ", ".join(FIELDS):
            return str(batch["cursor"])
    raise Failure(expected, got, read=READ_EVENT, timeline=seen)


async def _goes_on(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """A client comes back to the same address, and says in a header or a parameter what it has."""
    path = f"/rooms/lobby/{TRANSPORT}?cursor=now"
    async with opened(program, timeline, path) as stream:
        await stream.head()
        cursor = (await _next(stream, AT_ONCE))["id"]
    number = await client.post("while it was away", "/rooms/lobby/messages")
    newer, empty = "it is newer than the address", "an empty value is none"
    for target, header, ids, why in (
        (path, cursor, [number], f"which follows Last-Event-ID; {newer}"),
        (f"{path}&lastEventId={cursor}", None, [number], f"which follows lastEventId=; {newer}"),
        (f"{path}&lastEventId=", "", [], f"because of cursor=now; {empty}"),
    ):
        headers = {} if header is None else {"Last-Event-ID": header}
        async with opened(program, timeline, target, headers) as stream:
            came = await _ids(stream, f"{named(ids)}, {why}")
        if came != ids:
            seen = timeline.about(target)[-4:]
            expected = f"{named(ids)}, {why}"
            raise Failure(expected, named(came), read=READ_LAST_EVENT_ID, timeline=seen)
    await _refuses(program, timeline, path)


async def _ids(stream: Stream, expected: str) -> list[int]:
    """Return the ids of the first event's messages."""
    status, _ = await stream.head()
    if status != 200:
        raise Failure(expected, f"status {status}", read=READ_LAST_EVENT_ID)
    batch = json.loads((await _next(stream, AT_ONCE))["data"])
    return [message["id"] for message in batch["messages"]]


async def _refuses(program: Program, timeline: Timeline, target: str) -> None:
    """What is no cursor is refused."""
    async with opened(program, timeline, target, {"Last-Event-ID": "nonsense"}) as stream:
        status, _ = await stream.head()
    if status != 400:
        expected = "status 400 for a Last-Event-ID that is no cursor"
        failure = await program.crashed(expected, f"status {status}")
        raise Failure(expected, failure.got, read=READ_LAST_EVENT_ID)


async def _spreads_and_releases(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """Each reader gets a `retry:` of its own, and nothing is left in the room when it has gone."""
    target, retries = f"/rooms/busy/{TRANSPORT}", list[str]()
    async with AsyncExitStack() as leaving:
        for _ in range(READERS):
            stream = await leaving.enter_async_context(opened(program, timeline, target))
            await stream.head()
            with _read(READ_LAST_EVENT_ID):
                retries.append(await stream.retry("retry: and a number first, before any event"))
    if len(set(retries)) == 1 or not all(
        retry.isdecimal() and int(retry) in RETRY_MS for retry in retries
    ):
        expected = f"a random retry: from 500 to 3000 for each of {READERS} readers"
        raise Failure(expected, ", ".join(retries[:3]) + ", …", read=READ_LAST_EVENT_ID)
    timeline.note(f"{READERS} readers have gone away", target)
    await program.settle()
    inside = await client.ask("/inspect")
    if readers := inside["rooms"].get("busy", {}).get("readers", 0):
        expected = f"nobody in the room after {READERS} readers have gone away"
        seen = timeline.about(target)[-1:]
        raise Failure(expected, f"{readers} subscriptions", read=READ_EVENT, timeline=seen)


async def _sends_heartbeats(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """A reader that has had a message gets two heartbeats with its own cursor."""
    target = f"/rooms/silent/{TRANSPORT}?cursor=now"
    async with opened(program, timeline, target) as silent:
        await silent.head()
        await _next(silent, AT_ONCE)
        number = await client.post("the only one", "/rooms/silent/messages")
        cursor = _event_of([number], await _next(silent, AT_ONCE), timeline.about(target))
        for _ in range(2):
            expected = f"an empty batch within {HEARTBEAT_SECONDS:.0f} s in a silent room"
            with _read(READ_EVENT):
                beat = await silent.event(expected, HEARTBEAT_SECONDS + LATE_SECONDS)
            own = _event_of([], beat, timeline.about(target))
            if own != cursor:
                expected, seen = f"the reader's own cursor, {cursor}", timeline.about(target)
                raise Failure(expected, own, read=READ_EVENT, timeline=seen)


async def _stops(path: Path) -> None:
    """A stream ends when the server wants to."""
    async with chat_with(path, __file__) as program:
        timeline = Timeline(lambda: program.now)
        async with opened(program, timeline, f"/rooms/lobby/{TRANSPORT}") as stream:
            await stream.head()
            await _next(stream, AT_ONCE)
            program.terminate()
            with _read(READ_EVENT):
                await stream.end("the end of the stream when the server stops", STOP_SECONDS)


@contextmanager
def _read(section: str) -> Iterator[None]:
    """Say what to read again when the block fails."""
    try:
        yield
    except Failure as failure:
        failure.read = section
        raise
