"""A gate that stops long SQLite queries in the middle, so that a count lasts as long as a check likes.

A connection that it watches asks at the gate every thousand steps of SQLite's machine.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONG_STEPS = 1000  # of SQLite's machine: a count takes millions, other queries fewer


class Gate:
    """Stops each long query in the middle, for as long as it is shut."""

    def __init__(self) -> None:
        self.stopped: set[int] = set()
        self._open = threading.Event()
        self._open.set()

    def watch(self, connection: sqlite3.Connection) -> None:
        """Stop the long queries of this connection."""
        connection.set_progress_handler(self._pass, LONG_STEPS)

    def _pass(self) -> None:
        if not self._open.is_set():
            self.stopped.add(threading.get_ident())
            self._open.wait()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Keep the gate shut for the length of a block."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()
