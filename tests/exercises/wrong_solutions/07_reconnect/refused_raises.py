"""Mistake: a connection that is refused raises, and the client is gone for good.

Told: a client that listens for ever, refused or not; got it ended
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from typing import Any

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
        except WebSocketError:
            pass  # refused: the same as cut
        await asyncio.sleep(random.random() * min(LONGEST_SECONDS, FIRST_SECONDS * 2**failures))
        failures += 1


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], print))
