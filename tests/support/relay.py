"""A TCP relay between a browser and a server that treats connections as proxies and networks in the field do.

Its threads carry bytes, so a blocking test can change what the relay does at any moment.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536
REFUSAL = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Link:
    """One connection: the client's socket, the server's, and whether bytes are lost between them."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.dead = False
        self._closing = threading.Lock()
        self._ways = 2

    def cut(self) -> None:
        """End both connections; the thread that carries their bytes closes them."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def ended(self) -> None:
        """Note that one way has ended; the second one closes the sockets."""
        self.cut()
        with self._closing:
            self._ways -= 1
            if not self._ways:
                self.client.close()
                self.server.close()


@dataclass
class Relay:
    """What the relay does with the connections that it carries."""

    upstream: int
    listener: socket.socket
    refuse_upgrades: bool = False
    buffer_streams: bool = False
    cut_after_seconds: float | None = None
    links: list[Link] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def drop_bytes(self) -> None:
        """Lose all bytes of the connections that there are; carry new connections as before."""
        for link in self.links:
            link.dead = True

    def serve(self) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.upstream))
                except OSError:  # the server is gone, and so is this connection
                    client.close()
                    continue
                link = Link(client, server)
                self.links.append(link)
                self._start(self._up, link)
                self._start(self._down, link)

    def _start(self, carry: Callable[[Link], None], link: Link) -> None:
        thread = threading.Thread(target=carry, args=(link,))
        self.threads.append(thread)
        thread.start()
        if self.cut_after_seconds is not None and carry == self._up:
            timer = threading.Timer(self.cut_after_seconds, link.cut)
            self.threads.append(timer)
            timer.start()

    def _up(self, link: Link) -> None:
        with suppress(OSError):
            while data := link.client.recv(CHUNK_BYTES):
                if self.refuse_upgrades and b"\r\nUpgrade: websocket" in data:
                    link.client.sendall(REFUSAL)
                    break
                if not link.dead:
                    link.server.sendall(data)
        link.ended()

    def _down(self, link: Link) -> None:
        buffering = False
        with suppress(OSError):
            while data := link.server.recv(CHUNK_BYTES):
                buffering |= self.buffer_streams and b"text/event-stream\r\n" in data
                if not (buffering or link.dead):
                    link.client.sendall(data)
        if not link.dead:
            link.ended()
            return
        with suppress(OSError):  # a dead connection says nothing, not even that it has ended
            while link.client.recv(CHUNK_BYTES):
                pass
        link.ended()


@contextmanager
def relaying(upstream: int) -> Iterator[Relay]:
    """Run a relay in front of a server's port during the `with`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = Relay(upstream, listener)
        accepting = threading.Thread(target=relay.serve)
        accepting.start()
        try:
            yield relay
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for link in relay.links:
                link.cut()
            for thread in relay.threads:
                thread.join()
