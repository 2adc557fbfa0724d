"""Messages that others post while a blocking test, such as one with a browser, watches."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.http import fetch


def post_message(url: str, room: str, text: str, author: str = "bob") -> dict[str, Any]:
    """Post one message and return its ack."""
    body = json.dumps({"author": author, "text": text}).encode()
    answer = fetch(f"{url}/rooms/{room}/messages", "POST", body)
    assert answer.status == 201, answer
    ack: dict[str, Any] = answer.json
    return ack


@contextmanager
def background_posts(url: str, room: str, count: int, rate: float) -> Iterator[None]:
    """Post `count` messages, `rate` a second, during the `with`; all of them are posted at its end."""

    def post_all() -> None:
        began = time.monotonic()
        for number in range(1, count + 1):
            post_message(url, room, f"message {number}")
            time.sleep(max(0, began + number / rate - time.monotonic()))

    author = threading.Thread(target=post_all)
    author.start()
    try:
        yield
    finally:
        author.join()
