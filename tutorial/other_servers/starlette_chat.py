"""The chat on Starlette: python -m uvicorn tutorial.other_servers.starlette_chat:app --port 9000

All four transports, over the log in log.py. It knows the wire contract, and imports nothing of the project’s own
server. HISTORY=… in the environment is how many messages a room retains.
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tutorial.other_servers.log import LIMIT, Log

HISTORY = int(os.environ.get("HISTORY", "1000"))
BODY_BYTES = 16384
BLANK = r"[^\S\x1c-\x1f]*"  # to Unicode, the information separators are no white space


logs: dict[str, Log] = {}


def log_of(connection: HTTPConnection) -> Log:
    room = connection.path_params["room"]
    demand(re.fullmatch("[a-z0-9-]{1,64}", room), 404, "a room’s name has 1 to 64 of a-z, 0-9, -")
    return logs.get(room) or logs.setdefault(room, Log(room, HISTORY))


def start_of(connection: HTTPConnection) -> str:
    header, query = connection.headers.get("last-event-id"), connection.query_params
    start = header or query.get("lastEventId") or query.get("cursor") or ""
    right = re.fullmatch(r"|now|oldest|[0-9a-f]{8}:[0-9]{1,15}", start)
    demand(right, 400, "cursor: give back one that you got")
    return start


def number(request: Request, name: str, form: str, usual: int, least: int, most: int) -> float:
    text = request.query_params.get(name) or str(usual)
    right = re.fullmatch(form, text, re.ASCII) and least <= float(text) <= most
    demand(right, 400, f"{name}: {least} to {most}")
    return float(text)


async def poll(request: Request) -> Response:
    log, start, began = log_of(request), start_of(request), time.monotonic()
    holds = request.url.path.endswith("/long-polling")
    limit = int(number(request, "limit", r"\d+", LIMIT, 1, LIMIT))
    seconds = number(request, "wait", r"\d+(\.\d+)?", 25, 0, 55) if holds else 0
    batch = log.since(start, limit)
    if seconds and not batch.news:
        await log.wait(seconds)
        batch = log.since(batch.cursor, limit)
    hold = f"hold;dur={1000 * (time.monotonic() - began):.1f}"
    return answer(200, batch.json, {"Server-Timing": hold} if seconds else {})


async def stream(request: Request) -> Response:
    batches = log_of(request).batches(start_of(request))

    async def events() -> AsyncIterator[str]:
        yield f"retry: {random.randint(500, 3000)}\n\n"
        async for batch in batches:
            yield f"event: batch\ndata: {batch.json}\nid: {batch.cursor}\n\n"

    return StreamingResponse(events(), 200, {"Cache-Control": "no-store"}, "text/event-stream")


async def socket(socket: WebSocket) -> None:
    await socket.accept()
    try:
        log, start = log_of(socket), start_of(socket)
    except HTTPException as error:
        await socket.close(4000 + error.status_code, error.detail)
        return

    async def send() -> None:
        async for batch in log.batches(start):
            await socket.send_text(batch.json)

    sending = asyncio.create_task(send())
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(reply(log, await socket.receive_text()))
    sending.cancel()


def reply(log: Log, frame: str) -> str:
    try:
        return json.dumps(log.post(draft_of(frame.encode())))
    except HTTPException as error:
        said = {**problem(error), "type": "error"}
        with suppress(ValueError, KeyError, TypeError):
            said["key"] = json.loads(frame)["key"]
        return json.dumps(said)


async def post(request: Request) -> Response:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    plain = "content-encoding" not in request.headers
    demand(kind == "application/json" and plain, 415, "send application/json")
    body = b""
    async for chunk in request.stream():
        body = (body + chunk)[: BODY_BYTES + 1]
    ack = log_of(request).post(draft_of(body))
    return answer(200 if ack["duplicate"] else 201, json.dumps(ack))


def draft_of(body: bytes) -> dict[str, str]:
    demand(len(body) <= BODY_BYTES, 413, f"at most {BODY_BYTES} bytes")
    try:
        fields = json.loads(body.decode(), parse_constant=float)
        json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        fields = None
    demand(isinstance(fields, dict), 400, "send a JSON object in UTF-8")
    draft = {name: fields.get(name) for name in ("author", "text", "key")}
    if draft["key"] is None:
        del draft["key"]
    for name, value in draft.items():
        most = {"author": 32, "text": 2000, "key": 64}[name]
        right = isinstance(value, str) and 1 <= len(value) <= most
        demand(right, 422, f"{name}: a string of 1 to {most} characters")
    demand(not re.fullmatch(BLANK, draft["text"]), 422, "text: it is blank")
    return draft


def demand(condition: object, status: int, detail: str) -> None:
    if not condition:
        raise HTTPException(status, detail)


def problem(error: HTTPException) -> dict[str, Any]:
    title = HTTPStatus(error.status_code).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": error.status_code,
        "detail": error.detail,
    }


def answer(status: int, text: str, headers: Any = None) -> Response:
    kind = "application/json" if status < 400 else "application/problem+json"
    return Response(text, status, {"Cache-Control": "no-store", **(headers or {})}, kind)


async def refuse(request: Request, error: Any) -> Response:
    return answer(error.status_code, json.dumps(problem(error)), error.headers)


ROUTES = {"short-polling": poll, "long-polling": poll, "server-sent-events": stream}
app = Starlette(
    routes=[
        *(Route(f"/rooms/{{room}}/{name}", handle) for name, handle in ROUTES.items()),
        Route("/rooms/{room}/messages", post, methods=["POST"]),
        WebSocketRoute("/rooms/{room}/websocket", socket),
    ],
    exception_handlers={HTTPException: refuse},
)
