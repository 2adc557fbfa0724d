"""Mistake: when the connection is gone, the client believes that the chat is over.

Told: a client that listens for ever, refused or not; got it ended
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketError, websocket_connect


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
        return


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], print))
