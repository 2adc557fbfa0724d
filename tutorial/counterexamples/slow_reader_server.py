"""A server for each way to treat a slow reader, an author in it, and what it keeps for its readers.

`python -m tutorial.counterexamples.slow_reader_server POLICY` prints its port, waits until all readers are here, posts
MESSAGES at RATE, and prints twice a second how many megabytes it has written to one reader that its socket has not
taken. These bytes are counted here, and not read from the operating system: a process grows for other reasons, too.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from tornado.iostream import IOStream
from tornado.web import Application

from transports.app import make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores.memory import MemoryStore
from transports.wire import Draft
from tutorial.counterexamples.slow_readers import POLICIES, PlainRoom
from tutorial.laboratory.slow_reader import MESSAGES, OURS, READERS

HISTORY = 50
RATE = 50.0
SIZE = 10_000
SEND_BYTES = 1 << 16  # else the kernel alone would take most of what is said here
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Serving:
    """A server: its port, how many readers it has, their connections, and how to post to them."""

    port: int
    readers: Callable[[], int]
    streams: Callable[[], Iterable[IOStream]]
    post: Callable[[int, str], Awaitable[object]]


async def serve(policy: str) -> Serving:
    """Serve a room by one policy, at /rooms/slow/websocket."""
    if policy == OURS:
        return await _serve_ours()
    plain = PlainRoom()
    handler = (r"/rooms/slow/websocket", POLICIES[policy], {"room": plain})
    server = Application([handler]).listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]

    def post(number: int, text: str) -> Awaitable[None]:
        batch = {"gap": False, "messages": [{"id": number, "text": text}]}
        return plain.post(json.dumps(batch))

    def streams() -> Iterable[IOStream]:
        connections = [reader.ws_connection for reader in plain.readers]
        return [cast(Any, connection).stream for connection in connections if connection]

    return Serving(port, lambda: len(plain.readers), streams, post)


async def _serve_ours() -> Serving:
    rooms = Rooms(MemoryStore(HISTORY, kept=HISTORY), HISTORY)
    await rooms.open()
    chat = Chat(rooms)
    room = await rooms.enter("slow")
    server = Server(chat, make_app(chat))

    def post(_: int, text: str) -> Awaitable[object]:
        return room.post(Draft("ann", text))

    return Serving(server.listen(0), lambda: room.readers, lambda: chat.traffic.open, post)


async def speak(serving: Serving) -> None:
    """Post each message when it is due; its text begins with that time, however late it is posted."""
    began = time.time()
    for number in range(1, MESSAGES + 1):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.time()))
        await serving.post(number, f"{due} {'x' * SIZE}")


async def main(policy: str) -> None:
    """Serve, speak, and print what is kept, until it is killed."""
    serving = await serve(policy)
    print(json.dumps({"port": serving.port}), flush=True)
    while serving.readers() < READERS:  # noqa: ASYNC110 (a plain room reports nothing)
        await asyncio.sleep(0.02)
    for stream in serving.streams():
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
    speaking = asyncio.create_task(speak(serving))
    while True:
        kept = max((len(stream._write_buffer) for stream in serving.streams()), default=0)
        print(json.dumps({"mb": kept / 1e6}), flush=True)
        await asyncio.sleep(LOOK_SECONDS)
        if speaking.done():
            speaking.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
