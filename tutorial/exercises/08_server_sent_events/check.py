"""Listen at the learner's door as a browser would, then run the project's own suite for it."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from transports.app import TRANSPORTS, make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial.exercises.checking import suite
from tutorial.exercises.checking.event_stream import Stream, opened
from tutorial.exercises.checking.http_client import HttpClient, named
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure, Timeline

READ_EVENT = "An answer that does not end"
READ_LAST_EVENT_ID = "The browser brings the cursor back"
READ_SUITE = "One suite for every transport"

DOOR = "server-sent-events"
HISTORY = 1000
LEAVERS = 20
COMMENT_SECONDS = 15.0
LATE_SECONDS = 1.5
STOP_SECONDS = 1.5

Report = Callable[[dict[str, Any]], None]


def drive(learner: dict[str, Any], report: Report, what: str, path: str) -> None:
    """Serve the chat with the learner's door in its table, or run the suite for it."""
    if what == "serve":
        asyncio.run(_serve(learner["TRANSPORTS"], report))
    else:
        suite.run(path, report)


async def _serve(table: dict[str, Any], report: Report) -> None:
    rooms = Rooms(make_store("memory", HISTORY), HISTORY)
    await rooms.open()
    chat = Chat(rooms)
    server = Server(chat, make_app(chat, transports={**TRANSPORTS, **table}))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    report({"port": server.listen(0)})
    await stopping.wait()
    await server.drain()


async def check(path: Path) -> str:
    """Return how many of the suite's cases the door has passed."""
    async with _chat_with(path) as program:
        client, timeline = HttpClient(program), Timeline(lambda: program.now)
        await _sends_events(program, client, timeline)
        await _brings_back(program, client, timeline)
        await _lets_go(program, client, timeline)
        await _comments(program, timeline)
    await _stops(path)
    count = await _passes_the_suite(path)
    return f"the wire is right, and {count} cases of the project's own suite pass"


async def _sends_events(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """The first batch at once, an event each, and the stream goes on."""
    target = f"/rooms/lobby/{DOOR}"
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


def _event_of(ids: list[int], event: Mapping[str, str], seen: Sequence[Event]) -> dict[str, Any]:
    """Return the batch in the event when it has these messages. Raises: `Failure`."""
    try:
        batch: dict[str, Any] = json.loads(event.get("data", ""))
        told = [message["id"] for message in batch["messages"]]
    except (ValueError, KeyError, TypeError):
        got = f"the fields {dict(event)}"
        raise Failure("a batch in the field data", got, read=READ_EVENT, timeline=seen) from None
    if (event.get("event"), event.get("id")) != ("batch", batch["cursor"]):
        expected = f"the fields event: batch and id: {batch['cursor']}, the batch's cursor"
        got = f"event: {event.get('event')} and id: {event.get('id')}"
        raise Failure(expected, got, read=READ_EVENT, timeline=seen)
    if told != ids:
        raise Failure(f"{named(ids)} in the event", named(told), read=READ_EVENT, timeline=seen)
    return batch


async def _brings_back(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """A browser comes back to the same address, and says in a header what it has."""
    async with opened(program, timeline, f"/rooms/lobby/{DOOR}?cursor=now") as stream:
        await stream.head()
        cursor = (await _next(stream, "an event at once"))["id"]
    number = await client.post("while it was away", "/rooms/lobby/messages")
    target = f"/rooms/lobby/{DOOR}?cursor=now"
    async with opened(program, timeline, target, {"Last-Event-ID": cursor}) as stream:
        await stream.head()
        event = await _next(stream, "an event at once")
        batch = json.loads(event["data"])
    told = [message["id"] for message in batch["messages"]]
    if told != [number]:
        expected = f"{named([number])}, which follows Last-Event-ID; it is newer than the address"
        seen = timeline.about(target)[-3:]
        raise Failure(expected, named(told), read=READ_LAST_EVENT_ID, timeline=seen)
    async with opened(program, timeline, target, {"Last-Event-ID": "nonsense"}) as stream:
        status, _ = await stream.head()
    if status != 400:
        expected = "status 400 for a Last-Event-ID that is no cursor"
        failure = await program.crashed(expected, f"status {status}")
        raise Failure(expected, failure.got, read=READ_LAST_EVENT_ID)


async def _lets_go(program: Program, client: HttpClient, timeline: Timeline) -> None:
    """Nothing is left in the room of readers that went away."""
    target = f"/rooms/busy/{DOOR}"
    async with AsyncExitStack() as leaving:
        for _ in range(LEAVERS):
            stream = await leaving.enter_async_context(opened(program, timeline, target))
            await stream.head()
    timeline.note(f"{LEAVERS} readers have gone away", target)
    await program.settle()
    inside = await client.ask("/inspect")
    readers = inside["rooms"].get("busy", {}).get("readers", 0)
    if readers:
        expected = f"nobody in the room after {LEAVERS} readers have gone away"
        seen = timeline.about(target)[-1:]
        raise Failure(expected, f"{readers} subscriptions", read=READ_EVENT, timeline=seen)


@asynccontextmanager
async def _chat_with(path: Path) -> AsyncIterator[Program]:
    """Serve the chat with the learner's transport, on a held clock, until the block ends."""
    async with driven(path, __file__, "serve", str(path), clock="held") as program:
        program.port = (await anext(program.records()))["port"]
        yield program


async def _stops(path: Path) -> None:
    """A stream ends when the server wants to."""
    async with _chat_with(path) as program:
        timeline = Timeline(lambda: program.now)
        async with opened(program, timeline, f"/rooms/lobby/{DOOR}") as stream:
            await stream.head()
            await _next(stream, "an event at once")
            program.terminate()
            with _read(READ_EVENT):
                await stream.end("the end of the stream when the server stops", STOP_SECONDS)


async def _passes_the_suite(path: Path) -> int:
    """Return the number of cases."""
    with _read(READ_SUITE):
        return await suite.passed(path, __file__, "suite", str(path))


async def _comments(program: Program, timeline: Timeline) -> None:
    expected = f"a comment within {COMMENT_SECONDS:.0f} s in a silent room"
    async with opened(program, timeline, f"/rooms/silent/{DOOR}?cursor=now") as silent:
        await silent.head()
        with _read(READ_EVENT):
            await silent.comment(expected, COMMENT_SECONDS + LATE_SECONDS)


@contextmanager
def _read(section: str) -> Iterator[None]:
    """Say what to read again when the block fails."""
    try:
        yield
    except Failure as failure:
        failure.read = section
        raise
