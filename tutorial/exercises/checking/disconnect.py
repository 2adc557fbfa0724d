"""A chat server that a check can cut off from its clients, and that can refuse them.

It speaks as much of the wire contract as a listening WebSocket client sees: batches and cursors.
Whatever a client does is noted in the timeline under its room.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError
from tornado.websocket import WebSocketHandler

from tutorial.exercises.verdict import Timeline

EPOCH = "c0ffee11"


class Room:
    """A log, the clients that are connected, and when each tried to connect."""

    def __init__(self, name: str, timeline: Timeline) -> None:
        self.name = name
        self.clients: set[Client] = set()
        self.attempts: list[float] = []
        self.refuses = False
        self.hangs_up = False
        self.newest = 0
        self._timeline = timeline
        self._came = asyncio.Condition()

    def post(self) -> int:
        """Add a message, send it to the clients, and return its id."""
        self.newest += 1
        away = "" if self.clients else ", nobody is connected"
        key = (self.name, self.newest)
        self._timeline.note(f"message {self.newest} is posted{away}", self.name, key)
        for client in self.clients:
            client.send(self.newest - 1)
        return self.newest

    async def cut(self, politely: bool) -> None:
        """Close all connections, with a close frame or as if a cable was cut."""
        how = "closed (1012)" if politely else "cut"
        self._timeline.note(f"the connection is {how}", self.name)
        for client in list(self.clients):
            client.cut(politely)
            self.clients.discard(client)

    async def has(self, count: int) -> None:
        """Return when so many clients are connected."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.clients) >= count)

    def tried(self) -> None:
        """Note an attempt to connect. Raises: `HTTPError` 503 while the room refuses."""
        self.attempts.append(self._timeline.now())
        if self.refuses:
            self._timeline.note("a client connects and is refused (503)", self.name)
            raise HTTPError(503)

    async def came(self, client: "Client", cursor: str) -> None:
        """Let the client in."""
        self._timeline.note(f"a client connects, with cursor {cursor!r}", self.name)
        self.clients.add(client)
        async with self._came:
            self._came.notify_all()


class Client(WebSocketHandler):
    """One connection: `GET /rooms/{room}/websocket?cursor=`."""

    def initialize(self, rooms: dict[str, Room]) -> None:
        self._rooms = rooms

    def prepare(self) -> None:
        self.room = self._rooms[self.path_args[0]]
        self.room.tried()

    async def open(self, *_: str) -> None:
        cursor = self.get_query_argument("cursor", "")
        if self.room.hangs_up:
            return self.cut(politely=False)
        number = self.room.newest if cursor == "now" else int(cursor.rpartition(":")[2] or 0)
        self.send(number)
        await self.room.came(self, cursor)

    def send(self, after: int) -> None:
        """Send what follows this id as a batch."""
        ids = range(after + 1, self.room.newest + 1)
        self.write_message(
            {
                "type": "batch",
                "room": self.room.name,
                "cursor": f"{EPOCH}:{self.room.newest}",
                "gap": False,
                "more": False,
                "messages": [{"id": number, "text": f"message {number}"} for number in ids],
            }
        )

    def cut(self, politely: bool) -> None:
        """End the connection."""
        if politely:
            self.close(1012, "the server restarts")
        elif self.ws_connection and self.ws_connection.stream:
            self.ws_connection.stream.close()

    def on_close(self) -> None:
        self.room.clients.discard(self)


@asynccontextmanager
async def serving_rooms(*rooms: Room) -> AsyncIterator[str]:
    """Serve the rooms on a free port until the block ends, and yield `ws://…/rooms`."""
    named = {"rooms": {room.name: room for room in rooms}}
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r"/rooms/([^/]+)/websocket", Client, named)]))
    server.add_sockets(sockets)
    try:
        yield f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/rooms"
    finally:
        server.stop()
