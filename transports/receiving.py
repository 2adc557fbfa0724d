"""Receiving: the short way of a WebSocket message from the socket to its handler.

Tornado reads a frame in three pieces, with a future for each, and makes a task of each message. Mostly the whole frame
is there, and its handler has nothing to wait for: then none of that is needed. It stands apart because it is only about
what a message costs: without it everything works the same.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from transports.stream import CountedStream


class ReceivingProtocol(WebSocketProtocol13):
    """Tornado’s protocol, without a future for what is here already."""

    __slots__ = ()
    stream: CountedStream

    def __init__(self, handler: WebSocketHandler, base: WebSocketProtocol13) -> None:
        super().__init__(handler, False, base.params)

    async def _read_bytes(self, n: int) -> bytes:
        data = self.stream.take(n)
        if data is None:
            data = await self.stream.read_bytes(n)
        self._wire_bytes_in += n
        return data

    def _run_callback(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        handling = callback(*args, **kwargs)
        return None if handling is None else self._handle(handling)

    async def _handle(self, handling: Awaitable[None]) -> None:
        """Wait until a message is handled. A bug ends its connection."""
        try:
            await handling
        except Exception:
            self.handler.log_exception(*sys.exc_info())
            self._abort()
        if self.stream.has_unread:  # a client that sends without end leaves the others their turn
            await asyncio.sleep(0)
