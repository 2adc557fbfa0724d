"""`python -m tutorial.measurements.compression_probe on|off`: plain Tornado's WebSocket, with or without compression.

A process of its own, because memory can only be measured in a fresh one. It prints its port, and answers each message
with the bytes that it occupies.
"""

from __future__ import annotations

import asyncio
import sys

from tornado.web import Application
from tornado.websocket import WebSocketHandler

from transports.metrics import rss_bytes


class MemoryHandler(WebSocketHandler):
    """Answers each message with this process's memory, in bytes, and the message."""

    def initialize(self, compressed: bool) -> None:
        self.compressed = compressed

    def get_compression_options(self) -> dict[str, object] | None:
        return {} if self.compressed else None

    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(f"{rss_bytes()} {message!r}")


async def serve(compressed: bool) -> None:
    """Serve until the process is ended, and print the port."""
    routes = [("/", MemoryHandler, {"compressed": compressed})]
    server = Application(routes).listen(0, "127.0.0.1")
    print(next(iter(server._sockets.values())).getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:] == ["on"]))
