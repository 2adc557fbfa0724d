"""Server: a chat's application on a port, from the first connection to the drained last.

It stands apart from the application because a test, a benchmark and `python -m tutorial` all start one,
and all end it the same way: nothing that is held is lost, nobody is cut off without a word.
"""

from __future__ import annotations

import gc
import socket

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from transports.acceptor import Acceptor
from transports.chat import Chat
from transports.parting import HEADER_BYTES
from transports.posting import READ_BYTES
from transports.stream import CountedStream

IDLE_SECONDS = 75  # a kept-alive connection without a request
BODY_SECONDS = 20
BACKLOG = 4096  # so many may knock at once
COLLECTIONS = (500, 4, 1250)  # see `spread_collections`


def spread_collections() -> None:
    """Keep the garbage collector from stalling the loop. Call it once, when the process is set up.

    A collection looks for reference cycles among the objects that are new since the last one. Among 5000 it takes
    milliseconds, therefore it comes often and looks at few. Among all objects, with 10 000 readers, it takes a
    second, therefore it comes rarely; it would find next to nothing, because a connection leaves no cycle behind.
    """
    gc.collect()
    gc.freeze()  # what is here stays, and is never looked at again
    gc.set_threshold(*COLLECTIONS)


class Server:
    """Serves an application on a port until it is drained."""

    def __init__(self, chat: Chat, app: Application) -> None:
        self._chat = chat
        self._app = app
        self._http = HTTPServer(
            app,
            idle_connection_timeout=IDLE_SECONDS,
            body_timeout=BODY_SECONDS,
            max_header_size=HEADER_BYTES,
            max_body_size=READ_BYTES,
        )
        self._acceptors: list[Acceptor] = []

    def listen(self, port: int, address: str = "127.0.0.1", *, reuse_port: bool = False) -> int:
        """Accept connections; return the port, which is a free one when `port` is 0. Raises: OSError.

        With `reuse_port`, other processes may listen there too, and the kernel deals connections out.
        """
        sockets = bind_sockets(port, address, backlog=BACKLOG, reuse_port=reuse_port)
        self._acceptors = [Acceptor(each, self._accept) for each in sockets]
        bound: int = sockets[0].getsockname()[1]
        return bound

    def _accept(self, connection: socket.socket, address: tuple[str, int]) -> None:
        self._http.handle_stream(CountedStream(connection, self._chat.traffic), address)

    async def drain(self) -> None:
        """Accept nothing more, answer what is held, say goodbye, and let the store finish."""
        for acceptor in self._acceptors:
            acceptor.close()
        await self._chat.drain()
        await self._http.close_all_connections()
        self._app.settings["inspector"].stop()
        await self._chat.rooms.store.close()
