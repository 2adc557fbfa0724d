"""`python -m tutorial.measurements.memory_probe listeners|follow POSTS SIZE`: what a reader that never reads costs.

A process of its own, because memory can only be measured in a fresh one. It posts so many messages of so many
characters to a room with one WebSocket whose client has stopped reading, and prints by how many megabytes it has
grown.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable

from tornado.web import Application

from transports.app import make_app
from transports.chat import Chat
from transports.metrics import rss_bytes
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from transports.wire import Draft, Message
from tutorial.counterexamples.listeners import ListenerHandler, ListeningRoom

WARM_UP = 1000  # what the kernel takes, and what any first thousand costs
PATH = "/rooms/unread/websocket"
HANDSHAKE = (
    f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
Post = Callable[[int, str], Awaitable[object]]


async def serve_listeners() -> tuple[int, Post]:
    """Serve a room that calls its listeners; return its port, and how to post."""
    room = ListeningRoom()
    server = Application([(PATH, ListenerHandler, {"room": room})]).listen(0, "127.0.0.1")

    async def post(number: int, text: str) -> None:
        room.post(Message(number, "ann", text, 0.0))

    return next(iter(server._sockets.values())).getsockname()[1], post


async def serve_subscriptions() -> tuple[int, Post]:
    """Serve the chat as it is; return its port, and how to post."""
    rooms = Rooms(make_store("memory", 100), 100)
    await rooms.open()
    chat = Chat(rooms)
    room = await rooms.enter("unread")
    return Server(chat, make_app(chat)).listen(0), lambda _, text: room.post(Draft("ann", text))


async def grown(seam: str, posts: int, size: int) -> float:
    """Post to a reader that has stopped reading; return by how many MB this process grew."""
    text = "x" * size
    port, post = await {"listeners": serve_listeners, "follow": serve_subscriptions}[seam]()
    with socket.create_connection(("127.0.0.1", port)) as reader:
        reader.sendall(HANDSHAKE.encode())
        await asyncio.sleep(0.2)
        for number in range(WARM_UP):
            await post(number, text)
            await asyncio.sleep(0)
        before = rss_bytes()
        for number in range(posts):
            await post(number, text)
            await asyncio.sleep(0)
        return (rss_bytes() - before) / 1e6


if __name__ == "__main__":
    print(asyncio.run(grown(sys.argv[1], *map(int, sys.argv[2:]))))
