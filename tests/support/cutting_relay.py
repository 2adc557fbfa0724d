"""A relay in front of a server that cuts its first connections off in the middle of what they carry.

Each of them may carry so many bytes to the client, drawn by a seed, and is then closed: by turns with an orderly end
and with a reset. Later connections live.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RESET = b"\1\0\0\0\0\0\0\0"  # struct linger: on, 0 seconds


class CuttingRelay:
    """Listens on a port of its own. `cuts` is how many connections it has cut."""

    def __init__(self, port: int, cuts: int, seed: int) -> None:
        draw = random.Random(seed)
        self._server_port = port
        self._budgets = [draw.randint(200, 3000) for _ in range(cuts)]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0

    def run(self) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except OSError:  # the server is gone, and so is this connection
                    client.close()
                    continue
                budget = self._budgets.pop(0) if self._budgets else None
                for pump in ((client, server, None), (server, client, budget)):
                    threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, budget: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(1024 if budget is None else min(budget, 1024)):
                sink.sendall(data)
                if budget is not None and (budget := budget - len(data)) <= 0:
                    self.cuts += 1
                    if self.cuts % 2:
                        sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    break
        for end in (sink, source):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def cutting(port: int, cuts: int, seed: int) -> Iterator[CuttingRelay]:
    """A relay for the length of a `with`."""
    relay = CuttingRelay(port, cuts, seed)
    running = threading.Thread(target=relay.run, daemon=True)
    running.start()
    try:
        yield relay
    finally:
        relay.close()
        running.join()
