"""Acceptor: takes new connections from one listening socket, as long as there is something to put them in.

Out of file descriptors (or memory), `accept` fails at once, and the connection stays in the queue: asked again in the
next turn of the loop, it would fail for ever, with a full core and a traceback each. So we stop asking for a moment.
What waits in the queue is served when others have left. We stop before the last descriptor is used: those who are here
ask for pages and rooms, and files and stores take descriptors, too.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import socket
from collections.abc import Callable

ACCEPTED_AT_ONCE = 128  # in one turn of the loop
PAUSE_SECONDS = 0.1
RESERVED_DESCRIPTORS = 16  # for files and stores; a quarter of all, where there are few

log = logging.getLogger(__name__)


class Acceptor:
    """Calls `on_connection(socket, address)` for each new connection, until it is closed."""

    def __init__(
        self,
        listening: socket.socket,
        on_connection: Callable[[socket.socket, tuple[str, int]], None],
    ) -> None:
        self._socket = listening
        self._on_connection = on_connection
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._full = False  # and said so
        self._start()

    def _start(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                check_reserve(self._socket.fileno())
                connection, address = self._socket.accept()
            except BlockingIOError:  # nobody waits any more
                self._recovered()
                return
            except ConnectionError:
                continue  # it left while it waited
            except OSError as error:
                self._wait(error)
                return
            self._on_connection(connection, address)

    def _wait(self, error: OSError) -> None:
        if not self._full:
            log.warning("no connection can be accepted: %s; trying again", error.strerror or error)
        self._full = True
        self._loop.remove_reader(self._socket)
        self._pause = self._loop.call_later(PAUSE_SECONDS, self._start)

    def _recovered(self) -> None:
        if self._full:
            log.warning("connections are accepted again")
        self._full = False

    def close(self) -> None:
        """Accept nothing more."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()


def check_reserve(descriptor: int) -> None:
    """Return while there are descriptors to spare: a new one is the lowest that is free. Raises: OSError."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return
    lowest_free = os.dup(descriptor)
    os.close(lowest_free)
    if lowest_free >= limit - min(RESERVED_DESCRIPTORS, limit // 4):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
