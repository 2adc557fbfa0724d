"""The chat on Starlette: python -m uvicorn tutorial.other_servers.starlette_chat:app --port 9000

Both ways to poll, and WebSockets. It knows the wire contract, and nothing of the project’s own server. HISTORY=… in the
environment is how many messages a room retains.
"""

import asyncio
import json
import os
import re
import secrets
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

EPOCH = secrets.token_hex(4)  # the log lies in memory, so each start is an epoch of its own
HISTORY = int(os.environ.get("HISTORY", "1000"))
LIMIT, KEYS, BODY_BYTES, HEARTBEAT_SECONDS = 100, 1000, 16384, 20
CHARACTERS = {"author": 32, "text": 2000, "key": 64}
BLANK = r"[^\S\x1c-\x1f]*"  # to Unicode, the information separators are no white space


class Batch(NamedTuple):
    cursor: str
    news: bool
    json: str


class Log:
    def __init__(self, room: str) -> None:
        self.room, self.newest, self.news = room, 0, asyncio.Event()
        self.messages: list[str] = []  # the retained ones, as JSON: each is encoded once
        self.keys: dict[str, int] = {}

    def post(self, draft: dict[str, str]) -> dict[str, Any]:
        known = self.keys.get(draft.get("key", ""))
        id = known or self.append(draft)
        ack = {"type": "ack", "id": id, "cursor": f"{EPOCH}:{id}", "duplicate": bool(known)}
        return ack | {name: draft[name] for name in draft if name == "key"}

    def append(self, draft: dict[str, str]) -> int:
        self.newest += 1
        message = {"id": self.newest, **draft, "sent_at": time.time()}
        self.messages = [*self.messages, json.dumps(message)][-HISTORY:]
        if "key" in draft:
            self.keys = dict([*self.keys.items(), (draft["key"], self.newest)][-KEYS:])
        self.news.set()
        self.news = asyncio.Event()
        return self.newest

    def since(self, start: str, limit: int = LIMIT) -> Batch:
        trimmed = self.newest - len(self.messages)  # the id before the oldest retained message
        words = {"": max(trimmed, self.newest - limit), "now": self.newest, "oldest": trimmed}
        epoch, _, id = start.partition(":")
        after = words[start] if start in words else int(id)
        gap = start not in words and (epoch != EPOCH or not trimmed <= after <= self.newest)
        after = trimmed if gap else after
        return self.batch(self.messages[after - trimmed :][:limit], after, gap)

    def batch(self, found: list[str], after: int, gap: bool) -> Batch:
        last = after + len(found)
        fields = {"type": "batch", "room": self.room, "cursor": f"{EPOCH}:{last}", "gap": gap}
        head = json.dumps({**fields, "more": last < self.newest})[:-1]
        text = f'{head}, "messages": [{", ".join(found)}]}}'
        return Batch(f"{EPOCH}:{last}", bool(gap or found), text)

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.news.wait(), seconds)


logs: dict[str, Log] = {}


def log_of(connection: HTTPConnection) -> Log:
    room = connection.path_params["room"]
    demand(re.fullmatch("[a-z0-9-]{1,64}", room), 404, "a room’s name has 1 to 64 of a-z, 0-9, -")
    return logs.get(room) or logs.setdefault(room, Log(room))


def given(connection: HTTPConnection, name: str, form: str, usual: str = "") -> str:
    text = connection.query_params.get(name) or usual
    demand(re.fullmatch(form, text), 400, f"{name}: this has not the form {form}")
    return text


def start_of(connection: HTTPConnection) -> str:
    return given(connection, "cursor", r"|now|oldest|[0-9a-f]{8}:[0-9]{1,15}")


async def poll(request: Request) -> Response:
    log, limit = log_of(request), int(given(request, "limit", "[1-9][0-9]?|100", "100"))
    batch = log.since(start_of(request), limit)
    if request.url.path.endswith("/short-polling"):
        return answer(200, batch.json)
    seconds = float(given(request, "wait", r"([0-4]?[0-9]|5[0-4])(\.[0-9]+)?|55", "25"))
    if batch.news or not seconds:
        return answer(200, batch.json)
    began = time.monotonic()
    await log.wait(seconds)  # no `await` since `since`: no message slips between
    hold = f"hold;dur={1000 * (time.monotonic() - began):.1f}"
    return answer(200, log.since(batch.cursor, limit).json, {"Server-Timing": hold})


async def socket(socket: WebSocket) -> None:
    await socket.accept()
    try:
        sending = asyncio.create_task(push(socket, log_of(socket), start_of(socket)))
    except HTTPException as error:
        return await socket.close(4000 + error.status_code, error.detail)
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(reply(log_of(socket), await socket.receive_text()))
    sending.cancel()


async def push(socket: WebSocket, log: Log, cursor: str) -> None:
    while True:
        batch = log.since(cursor)  # without news it is the heartbeat
        await socket.send_text(batch.json)
        cursor = batch.cursor
        if not log.since(cursor).news:
            await log.wait(HEARTBEAT_SECONDS)


def reply(log: Log, frame: str) -> str:
    try:
        return json.dumps(log.post(draft_of(frame.encode())))
    except HTTPException as error:
        with suppress(ValueError, KeyError, TypeError):
            return json.dumps({**problem(error), "type": "error", "key": json.loads(frame)["key"]})
        return json.dumps({**problem(error), "type": "error"})


async def post(request: Request) -> Response:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    plain = "content-encoding" not in request.headers
    demand(kind == "application/json" and plain, 415, "send application/json")
    ack = log_of(request).post(draft_of(await request.body()))
    return answer(200 if ack["duplicate"] else 201, json.dumps(ack))


def draft_of(body: bytes) -> dict[str, str]:
    demand(len(body) <= BODY_BYTES, 413, f"at most {BODY_BYTES} bytes")
    try:
        fields = json.loads(body.decode(), parse_constant=float)
        json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        fields = None
    demand(isinstance(fields, dict), 400, "send a JSON object in UTF-8")
    draft = {name: fields.get(name) for name in CHARACTERS if name != "key" or name in fields}
    for name, value in draft.items():
        right = isinstance(value, str) and 1 <= len(value) <= CHARACTERS[name]
        demand(right, 422, f"{name}: a string of 1 to {CHARACTERS[name]} characters")
    demand(not re.fullmatch(BLANK, draft["text"]), 422, "text: it is blank")
    return draft


def demand(condition: object, status: int, detail: str) -> None:
    if not condition:
        raise HTTPException(status, detail)


def problem(error: HTTPException) -> dict[str, Any]:
    words = {"title": HTTPStatus(error.status_code).phrase, "detail": error.detail}
    return {"type": "about:blank", "status": error.status_code, **words}


def answer(status: int, text: str, headers: Any = None) -> Response:
    kind = "application/json" if status < 400 else "application/problem+json"
    return Response(text, status, {"Cache-Control": "no-store", **(headers or {})}, kind)


async def refuse(request: Request, error: Any) -> Response:
    return answer(error.status_code, json.dumps(problem(error)), error.headers)


routes = [
    Route("/rooms/{room}/short-polling", poll),
    Route("/rooms/{room}/long-polling", poll),
    WebSocketRoute("/rooms/{room}/websocket", socket),
    Route("/rooms/{room}/messages", post, methods=["POST"]),
]
app = Starlette(routes=routes, exception_handlers={HTTPException: refuse})
