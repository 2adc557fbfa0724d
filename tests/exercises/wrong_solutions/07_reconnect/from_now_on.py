"""Mistake: the new connection begins "now", and what was said in between is never heard.

Told: lost, the first of them message
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
LONGEST_SECONDS = 30.0


async def listen(url: str, show: Callable[[dict[str, Any]], None]) -> None:
    """Show each message of the room, for ever."""
    failures = 0
    while True:
        try:
            socket = await websocket_connect(f"{url}?cursor=now")
            while frame := await socket.read_message():
                batch = json.loads(frame)
                failures = 0
                for message in batch["messages"]:
                    show(message)
        except (OSError, HTTPClientError, WebSocketError):
            pass  # refused: the same as cut
        await asyncio.sleep(random.random() * min(LONGEST_SECONDS, FIRST_SECONDS * 2**failures))
        failures += 1


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], print))
