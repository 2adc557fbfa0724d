"""Mistake: longer and longer pauses, the same ones for all clients.

Told: of 30 clients within 50 ms, after all were cut off at once
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketError, websocket_connect

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0


async def listen(url: str, show: Callable[[dict[str, Any]], None]) -> None:
    """Show each message of the room, for ever."""
    cursor, failures = "", 0
    while True:
        try:
            socket = await websocket_connect(f"{url}?cursor={cursor}" if cursor else url)
            while frame := await socket.read_message():
                batch = json.loads(frame)
                cursor, failures = batch["cursor"], 0
                for message in batch["messages"]:
                    show(message)
        except (OSError, HTTPClientError, WebSocketError):
            pass  # refused: the same as cut
        await asyncio.sleep(min(LONGEST_SECONDS, FIRST_SECONDS * 2**failures))
        failures += 1


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], print))
