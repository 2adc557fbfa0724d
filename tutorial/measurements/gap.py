"""The gap: what falls between two requests, when nothing remembers where the reader was."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from loadtests.client.raw_http import connect, one_answer, request
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, Reading, Tally
from loadtests.client.timestamped_text import timestamped
from loadtests.comparison.server import free_port
from tutorial.measurements.names import Values

STARTER = str(Path(__file__).parents[1] / "exercises" / "03_gap" / "starter.py")
ROUNDS = 100
PAUSE_SECONDS = 0.02
START_SECONDS = 10.0

Post = Callable[[], bytes]  # the request that posts one message


def gap(port: int) -> Values:
    """What share of messages is lost when people press Enter at once, by exercise 3’s starter and by the chat."""
    values: Values = {"rounds": ROUNDS}
    starting = free_port()
    command = [sys.executable, STARTER, str(starting)]
    demo = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # what we write is read as reports
    try:
        _wait_for(starting)
        chat = Reading(port, "/rooms/gap/long-polling?wait=5&cursor=", Asks.AGAIN_AT_ONCE)
        plain = Reading(starting, "/messages?cursor=", Asks.AGAIN_AT_ONCE, first="")
        for authors in (2, 5):
            values[f"demo_{authors}_lost_percent"] = _lost_percent(plain, authors, "/messages")
            values[f"chat_{authors}_lost_percent"] = _lost_percent(
                chat, authors, "/rooms/gap/messages"
            )
    finally:
        demo.terminate()
        demo.wait()
    return values


def _wait_for(port: int) -> None:
    """Wait until something listens on a port. Raises: TimeoutError."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), connect(port):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def _lost_percent(how: Reading, authors: int, path: str) -> float:
    pool, tally = ReaderPool(), Tally()
    pool.add(how, tally)
    with ExitStack() as connections:
        connections.callback(pool.close)
        writing = [connections.enter_context(connect(how.port)) for _ in range(authors)]
        for _ in range(ROUNDS):
            pool.serve(PAUSE_SECONDS)
            _post_at_once(writing, path, how.port)
        pool.serve(0.2)
    return 100 * (1 - len(tally.delays_ms) / (ROUNDS * authors))


def _post_at_once(writing: list[socket.socket], path: str, port: int) -> None:
    text = timestamped(time.time())
    body = f'{{"author": "ann", "text": "{text}"}}'
    for connection in writing:
        connection.sendall(request("POST", path, port, body))
    for connection in writing:
        one_answer(connection)
