"""Author: posts messages that say when they were due, and waits for no answer before the next.

For the reader pool. Inside Locust, publisher.py does the same and counts what came of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from loadtests.client.raw_http import RefusedHere, answer_size, connect, request, status_line
from loadtests.client.timestamped_text import AUTHOR, TEXT_CHARACTERS, timestamped

ANSWER_SECONDS = 10.0  # within which a post is answered
WAIT_SECONDS = 0.005
READ_BYTES = 1 << 16


class Author:
    """Posts to one room of a server of this machine, over a connection that the `with` opens. Raises: OSError.

    With a `publish_key` it posts as an outside program does.
    """

    def __init__(
        self, port: int, room: str, publish_key: str = "", characters: int = TEXT_CHARACTERS
    ) -> None:
        self._port = port
        self._room = room
        self._path = "/publish" if publish_key else f"/rooms/{room}/messages"
        self._more = f"Authorization: Bearer {publish_key}\r\n" if publish_key else ""
        self._characters = characters

    def __enter__(self) -> Author:
        self._connection = connect(self._port)
        self._received = b""
        self._unanswered = 0
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._connection.setblocking(True)
            self._connection.settimeout(ANSWER_SECONDS)
            while self._unanswered:  # what is not answered yet would not be posted
                self._take(self._connection.recv(READ_BYTES))
        self._connection.close()

    def post(self, due: float) -> None:
        """Post a message that was due at this moment (seconds since 1970). Raises: OSError."""
        self._answers()
        text = timestamped(due, self._characters)
        body = json.dumps({"room": self._room, "author": AUTHOR, "text": text})
        self._connection.setblocking(True)
        self._connection.sendall(request("POST", self._path, self._port, body, self._more))
        self._unanswered += 1

    def publish(self, offsets: Iterable[float], wait: Callable[[float], object]) -> int:
        """Post at each of these seconds from now, ascending; return how often. `wait` passes some seconds.

        An open loop: a message is posted when it is due, whether or not the one before was answered. Raises: OSError.
        """
        began, posted = time.time(), 0
        for offset in offsets:
            wait(max(0.0, began + offset - time.time()))
            self.post(began + offset)
            posted += 1
        deadline = time.monotonic() + ANSWER_SECONDS
        while self._unanswered and time.monotonic() < deadline:
            wait(WAIT_SECONDS)
            self._answers()
        return posted

    def _answers(self) -> None:
        """Take the answers that are here."""
        self._connection.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._take(self._connection.recv(READ_BYTES))

    def _take(self, data: bytes) -> None:
        if not data:
            raise ConnectionResetError("the server closed an author’s connection")
        self._received += data
        while size := answer_size(self._received):
            answer, self._received = self._received[:size], self._received[size:]
            if answer[9:10] != b"2":
                raise RefusedHere(f"the server answered {status_line(answer)} to a post")
            self._unanswered -= 1
