"""A chat with its laboratory on a free port, for the tests of the laboratory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from transports.app import make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial import counterexamples
from tutorial.laboratory.routes import Laboratory
from tutorial.site import bets


@dataclass(frozen=True)
class Running:
    chat: Chat
    port: int
    sockets: list[WebSocketClientConnection] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str, **headers: str) -> HTTPResponse:
        request = HTTPRequest(self.url + path, headers=headers, request_timeout=60)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def post(self, path: str, body: object, **headers: str) -> HTTPResponse:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = HTTPRequest(
            self.url + path,
            method="POST",
            body=json.dumps(body),
            headers={"Content-Type": "application/json", **headers},
        )
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def delete(self, path: str, **headers: str) -> HTTPResponse:
        request = HTTPRequest(self.url + path, method="DELETE", headers=headers)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def say(self, room: str, text: str = "hi") -> HTTPResponse:
        return await self.post(f"/rooms/{room}/messages", {"author": "ann", "text": text})

    async def socket(self, path: str) -> WebSocketClientConnection:
        socket = await websocket_connect(f"ws://127.0.0.1:{self.port}{path}")
        self.sockets.append(socket)
        return socket


@asynccontextmanager
async def serving(folder: Path = Path(".learner")) -> AsyncIterator[Running]:
    rooms = Rooms(make_store("memory", 1000), 1000)
    await rooms.open()
    chat = Chat(rooms)
    laboratory = Laboratory(chat)
    routes = [*laboratory.routes(), *counterexamples.routes(chat), *bets.routes(chat, folder)]
    server = Server(chat, make_app(chat, routes))
    lab = Running(chat, server.listen(0))
    yield lab
    for socket in lab.sockets:
        socket.close()
    await server.drain()
    await laboratory.close()


async def heard(socket: WebSocketClientConnection) -> dict[str, Any]:
    """Give the next JSON object from a socket."""
    message = await socket.read_message()
    assert message is not None, "the socket was closed"
    told: dict[str, Any] = json.loads(message)
    return told


async def until(true: Callable[[], object]) -> None:
    """Wait for something that the server does not announce."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
