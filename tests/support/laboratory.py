"""A chat with its laboratory on a free port, for the tests of the laboratory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.iostream import IOStream
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.support.http import Response, ask
from transports.app import make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial.laboratory.routes import Laboratory
from tutorial.serving import routes
from tutorial.site.results_page import Comparison


@dataclass(frozen=True)
class LaboratoryServer:
    chat: Chat
    port: int
    sockets: list[WebSocketClientConnection] = field(default_factory=list)
    streams: list[IOStream] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str, **headers: str) -> Response:
        return await ask(self.url, path, headers=_named(headers))

    async def post(self, path: str, body: object, **headers: str) -> Response:
        return await ask(self.url, path, "POST", json.dumps(body).encode(), _named(headers))

    async def delete(self, path: str, **headers: str) -> Response:
        return await ask(self.url, path, "DELETE", headers=_named(headers))

    async def say(self, room: str, text: str = "hi") -> Response:
        return await self.post(f"/rooms/{room}/messages", {"author": "ann", "text": text})

    async def socket(self, path: str) -> WebSocketClientConnection:
        socket = await websocket_connect(f"ws://127.0.0.1:{self.port}{path}")
        self.sockets.append(socket)
        assert socket.protocol is not None
        self.streams.append(socket.protocol.stream)
        return socket


@asynccontextmanager
async def laboratory_server(folder: Path = Path(".learner")) -> AsyncIterator[LaboratoryServer]:
    rooms = Rooms(make_store("memory", 1000), 1000)
    await rooms.open()
    chat = Chat(rooms)
    laboratory = Laboratory(chat)
    beside = routes(chat, laboratory, Comparison(folder), folder)
    server = Server(chat, make_app(chat, beside))
    lab = LaboratoryServer(chat, server.listen(0))
    try:
        yield lab
    finally:
        for socket in lab.sockets:
            socket.close()
        await server.drain()
        for stream in lab.streams:
            stream.close()  # a closing handshake may not have ended yet
        await laboratory.close()


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def next_json(socket: WebSocketClientConnection) -> dict[str, Any]:
    """Return the next JSON object from a socket."""
    message = await socket.read_message()
    assert message is not None, "the socket was closed"
    received: dict[str, Any] = json.loads(message)
    return received
