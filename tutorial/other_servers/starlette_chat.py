"""The chat on Starlette: python -m uvicorn tutorial.other_servers.starlette_chat:app --port 9000

Both ways to poll, and WebSockets. It knows the wire contract, and nothing of the project’s own server.
"""

import asyncio
import json
import os
import re
import time
from contextlib import suppress
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

HISTORY = int(os.environ.get("HISTORY", "1000"))  # so many messages are retained
EPOCH = os.urandom(4).hex()  # the log lies in memory, so each start is an epoch of its own
LIMIT, BODY_BYTES, HEARTBEAT_SECONDS = 100, 16384, 20
CHARACTERS = {"author": 32, "text": 2000, "key": 64}
logs: dict[str, "Log"] = {}


class Log:
    def __init__(self, room: str) -> None:
        self.room, self.newest = room, 0
        self.messages: list[dict[str, Any]] = []  # the retained ones
        self.acks: dict[str, dict[str, Any]] = {}  # by their keys
        self.news: asyncio.Future[None] = asyncio.Future()  # done when the next message is there

    def post(self, draft: dict[str, str]) -> dict[str, Any]:
        if known := self.acks.get(draft.get("key", "")):
            return known | {"duplicate": True}
        self.newest = id = self.newest + 1
        self.messages = [*self.messages, {"id": id, **draft, "sent_at": time.time()}][-HISTORY:]
        ack = {"type": "ack", "id": id, "cursor": f"{EPOCH}:{id}", "duplicate": False}
        if "key" in draft:
            self.acks[draft["key"]] = ack = {"key": draft["key"], **ack}
        self.news.set_result(None)
        self.news = asyncio.Future()
        return ack

    def since(self, start: str, limit: int = LIMIT) -> dict[str, Any]:
        trimmed = self.newest - len(self.messages)  # the id before the oldest retained message
        words = {"": max(trimmed, self.newest - limit), "now": self.newest, "oldest": trimmed}
        epoch, _, id = start.partition(":")
        gap = bool(id) and (epoch != EPOCH or not trimmed <= int(id) <= self.newest)
        after = trimmed if gap else int(id or words[start])
        found = self.messages[after - trimmed :][:limit]
        last = after + len(found)
        batch = {"type": "batch", "room": self.room, "cursor": f"{EPOCH}:{last}", "gap": gap}
        return {**batch, "more": last < self.newest, "messages": found}


def demand(condition: object, status: int, detail: str) -> None:
    if not condition:
        raise HTTPException(status, detail)


def asked(connection: HTTPConnection) -> tuple[Log, str]:
    room, start = connection.path_params["room"], connection.query_params.get("cursor", "")
    demand(re.fullmatch("[a-z0-9-]{1,64}", room), 404, "a room’s name has 1 to 64 of a-z, 0-9, -")
    demand(re.fullmatch("|now|oldest|[0-9a-f]{8}:[0-9]{1,15}", start), 400, "cursor: malformed")
    return logs.get(room) or logs.setdefault(room, Log(room)), start


async def poll(request: Request) -> JSONResponse:
    log, start = asked(request)
    limit = request.query_params.get("limit") or str(LIMIT)
    wait = request.query_params.get("wait") or "25"
    demand(re.fullmatch("[1-9][0-9]?|100", limit), 400, "limit: 1 to 100")
    demand(re.fullmatch(r"([0-4]?[0-9]|5[0-4])(\.[0-9]+)?|55", wait), 400, "wait: 0 to 55")
    batch, headers = log.since(start, int(limit)), {"Cache-Control": "no-store"}
    if request.url.path.endswith("/long-polling") and not (batch["messages"] or batch["gap"]):
        began = time.monotonic()
        await asyncio.wait([log.news], timeout=float(wait))  # no `await` since `since`
        headers["Server-Timing"] = f"hold;dur={1000 * (time.monotonic() - began):.1f}"
        batch = log.since(batch["cursor"], int(limit))
    return JSONResponse(batch, headers=headers)


async def socket(socket: WebSocket) -> None:
    await socket.accept()
    log, start = asked(socket)
    pushing = asyncio.create_task(push(socket, log, start))
    async for frame in socket.iter_text():
        try:
            await socket.send_json(log.post(draft_of(frame.encode())))
        except HTTPException as error:
            await socket.send_json(problem(error, frame) | {"type": "error"})
    pushing.cancel()


async def push(socket: WebSocket, log: Log, cursor: str) -> None:
    while True:
        await socket.send_json(batch := log.since(cursor))  # without news it is the heartbeat
        if (cursor := batch["cursor"]) == f"{EPOCH}:{log.newest}":
            await asyncio.wait([log.news], timeout=HEARTBEAT_SECONDS)


async def post(request: Request) -> JSONResponse:
    kind = request.headers.get("content-type", "")
    demand(re.match("application/json *(;|$)", kind), 415, "send application/json")
    demand("content-encoding" not in request.headers, 415, "send it as it is")
    ack = asked(request)[0].post(draft_of(await request.body()))
    return JSONResponse(ack, 200 if ack["duplicate"] else 201)


def draft_of(body: bytes) -> dict[str, str]:
    demand(len(body) <= BODY_BYTES, 413, f"at most {BODY_BYTES} bytes")
    try:
        fields = json.loads(body.decode())
        json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        fields = None
    demand(isinstance(fields, dict), 400, "send a JSON object in UTF-8")
    draft = {name: fields.get(name) for name in CHARACTERS if name != "key" or name in fields}
    for name, value in draft.items():
        right = isinstance(value, str) and 1 <= len(value) <= CHARACTERS[name]
        demand(right, 422, f"{name}: a string of 1 to {CHARACTERS[name]} characters")
    demand(re.search(r"[\S\x1c-\x1f]", draft["text"]), 422, "text: it is blank")
    return draft


def problem(error: HTTPException, frame: str = "") -> dict[str, Any]:
    status, title = error.status_code, HTTPException(error.status_code).detail
    fields = {"type": "about:blank", "title": title, "status": status, "detail": error.detail}
    with suppress(ValueError, RecursionError, KeyError, TypeError):
        fields["key"] = json.loads(frame)["key"]
    return fields


async def refuse(connection: Any, error: Any) -> Any:
    if isinstance(connection, WebSocket):
        return await connection.close(4000 + error.status_code, error.detail)
    kind = "application/problem+json"
    return JSONResponse(problem(error), error.status_code, error.headers, kind)


routes = [
    Route("/rooms/{room}/short-polling", poll),
    Route("/rooms/{room}/long-polling", poll),
    WebSocketRoute("/rooms/{room}/websocket", socket),
    Route("/rooms/{room}/messages", post, methods=["POST"]),
]
app = Starlette(routes=routes, exception_handlers={HTTPException: refuse})
