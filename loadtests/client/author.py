"""Author: posts messages that say when they were due, and waits for no answer.

For the reader pool. Inside Locust, publisher.py does the same and counts what came of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType

from loadtests.client.raw_http import connect, request
from loadtests.client.timestamped_text import AUTHOR, TEXT_CHARACTERS, timestamped


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
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._connection.close()

    def post(self, due: float) -> None:
        """Post a message that was due at this moment (seconds since 1970); earlier answers are read away."""
        text = timestamped(due, self._characters)
        body = json.dumps({"room": self._room, "author": AUTHOR, "text": text})
        self._connection.setblocking(False)
        with suppress(BlockingIOError):
            while self._connection.recv(1 << 16):
                pass
        self._connection.setblocking(True)
        self._connection.sendall(request("POST", self._path, self._port, body, self._more))

    def publish(self, offsets: Iterable[float], wait: Callable[[float], object]) -> int:
        """Post at each of these seconds from now, ascending; return how often. `wait` passes some seconds.

        An open loop: a message is posted when it is due, whether or not the one before was answered.
        """
        began, posted = time.time(), 0
        for offset in offsets:
            wait(max(0.0, began + offset - time.time()))
            self.post(began + offset)
            posted += 1
        return posted
