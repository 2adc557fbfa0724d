"""What can be broken in the example server of tutorial/other_servers, and how: one step of it is replaced.

Each function here takes what the broken step does instead, and puts it into the server. Nothing else of the server
changes, so that what fails then is the claim that names the fault.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tutorial.other_servers import starlette_chat as chat
from tutorial.other_servers.starlette_chat import LIMIT, Log

Json = dict[str, Any]
LATE_SECONDS = 0.2


def batches(spoil: Callable[[Json], Json]) -> None:
    """What a reader gets."""

    class Spoiled(chat.Log):
        def since(self, start: str, limit: int = LIMIT) -> Json:
            return spoil(super().since(start, limit))

    chat.Log = Spoiled


def messages(spoil: Callable[[list[Json]], list[Json]]) -> None:
    """The messages of a batch."""
    batches(lambda batch: batch | {"messages": spoil(batch["messages"])})


def starts(spoil: Callable[[Log, str], str]) -> None:
    """Where a reader begins."""

    class Astray(chat.Log):
        def since(self, start: str, limit: int = LIMIT) -> Json:
            return super().since(spoil(self, start), limit)

    chat.Log = Astray


def drafts(spoil: Callable[[Json, bytes], Json]) -> None:
    """What is taken out of a body."""
    right = chat.draft_of
    chat.draft_of = lambda body: spoil(right(body), body)


def posting(post: Callable[[Log, Json], Json]) -> None:
    """How a message is taken in, and acknowledged."""

    class Posting(chat.Log):
        def post(self, draft: dict[str, str]) -> Json:
            return post(self, draft)

    chat.Log = Posting


def asking(spoil: Callable[[HTTPConnection, Log, str], tuple[Log, str]]) -> None:
    """Which room a request means, and from where."""
    right = chat.asked
    chat.asked = lambda connection: spoil(connection, *right(connection))


def queries(pattern: bytes, other: bytes) -> None:
    """What stands in an address."""
    right = chat.asked

    def asked(connection: HTTPConnection) -> tuple[Log, str]:
        connection.scope["query_string"] = re.sub(pattern, other, connection.scope["query_string"])
        return right(connection)

    chat.asked = asked


def undemanded(words: str) -> None:
    """A rule whose breach isn’t refused."""
    right = chat.demand
    chat.demand = lambda condition, status, detail: right(
        condition or words in detail, status, detail
    )


def refusing(refuse: Callable[[HTTPException], HTTPException]) -> None:
    """How a refusal is answered."""

    async def refused(connection: Any, error: Any) -> Any:
        return await chat.refuse(connection, refuse(error))

    chat.app.exception_handlers[HTTPException] = refused


def answers(**headers: str) -> None:
    """The headers of every answer."""

    class Answer(JSONResponse):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.headers.update(headers)

    chat.JSONResponse = Answer


def events(retry: Callable[[], int], fields: str = "event data id", resumes: bool = True) -> None:
    """A stream of events, which the example doesn’t have."""

    async def pieces(log: Log, cursor: str) -> AsyncIterator[str]:
        yield f"retry: {retry()}\n\n"
        while True:
            batch = log.since(cursor)
            cursor = batch["cursor"]
            event = {"event": "batch", "data": json.dumps(batch), "id": cursor}
            yield "".join(f"{name}: {event[name]}\n" for name in fields.split()) + "\n"
            if not log.since(cursor)["messages"]:
                await asyncio.wait([log.news])

    async def stream(request: Request) -> Response:
        log, start = chat.asked(request)
        last = request.headers.get("last-event-id") or request.query_params.get("lastEventId")
        start = last if last and resumes else start
        return StreamingResponse(pieces(log, start), media_type="text/event-stream")

    chat.app.router.routes.append(Route("/rooms/{room}/server-sent-events", stream))


def inspection() -> None:
    """A look inside, in which a held request is never released."""
    held = 0

    def count(connection: HTTPConnection, log: Log, start: str) -> tuple[Log, str]:
        nonlocal held
        held += connection.scope["method"] == "GET"
        return log, start

    async def inspect(request: Request) -> Response:
        return JSONResponse({"held": held, "websockets": 0, "rooms": {}})

    asking(count)
    chat.app.router.routes.append(Route("/inspect", inspect))


def posts_late(log: Log, draft: Json) -> Json:
    """Acknowledge what will be appended in a moment."""
    waiting = vars(log).setdefault("waiting", [])
    waiting.append(draft)
    asyncio.get_running_loop().call_later(LATE_SECONDS, lambda: Log.post(log, waiting.pop(0)))
    id = log.newest + len(waiting)
    return {"type": "ack", "id": id, "cursor": f"{chat.EPOCH}:{id}", "duplicate": False}


def remembers_late(log: Log, draft: Json) -> Json:
    """Remember a key only in a moment."""
    ack = Log.post(log, draft)
    if "key" in ack and not ack["duplicate"]:
        del log.acks[ack["key"]]
        asyncio.get_running_loop().call_later(LATE_SECONDS, log.acks.setdefault, ack["key"], ack)
    return ack


def forgets_keys(log: Log, draft: Json, remembered: int) -> Json:
    """Remember a few keys alone."""
    ack = Log.post(log, draft)
    log.acks = dict(list(log.acks.items())[len(log.acks) - remembered :])
    return ack
