"""Others who speak in a room while a test looks on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen


def say(url: str, room: str, text: str, author: str = "bob") -> dict[str, Any]:
    """Post one message; give its ack."""
    body = json.dumps({"author": author, "text": text}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{url}/rooms/{room}/messages", body, headers), timeout=10) as answer:
        ack: dict[str, Any] = json.load(answer)
        return ack


def inspect(url: str) -> dict[str, Any]:
    """Look inside the server."""
    with urlopen(f"{url}/inspect", timeout=10) as answer:
        inside: dict[str, Any] = json.load(answer)
        return inside


@contextmanager
def talking(url: str, room: str, count: int, rate: float) -> Iterator[None]:
    """Let somebody say `count` messages, `rate` a second, meanwhile; all of them are said in the end."""

    def talk() -> None:
        began = time.monotonic()
        for number in range(1, count + 1):
            say(url, room, f"message {number}")
            time.sleep(max(0, began + number / rate - time.monotonic()))

    speaker = threading.Thread(target=talk)
    speaker.start()
    try:
        yield
    finally:
        speaker.join()
