"""Mistake: each pause is as short as the first, however long the server is away.

Told: at most 8 attempts in 4 s, each pause longer
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from typing import Any

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketError, websocket_connect

FIRST_SECONDS = 0.5


async def listen(url: str, show: Callable[[dict[str, Any]], None]) -> None:
    """Show each message of the room, for ever."""
    cursor = ""
    while True:
        try:
            socket = await websocket_connect(f"{url}?cursor={cursor}" if cursor else url)
            while frame := await socket.read_message():
                batch = json.loads(frame)
                cursor = batch["cursor"]
                for message in batch["messages"]:
                    show(message)
        except (OSError, HTTPClientError, WebSocketError):
            pass  # refused: the same as cut
        await asyncio.sleep(random.random() * FIRST_SECONDS)


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], print))
