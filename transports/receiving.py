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

READ_BYTES = 1 << 14


class ReceivingProtocol(WebSocketProtocol13):
    """Tornado’s protocol, without a future for what is here already."""

    __slots__ = ("_received",)  # see Handler

    def __init__(self, handler: WebSocketHandler, base: WebSocketProtocol13) -> None:
        super().__init__(handler, False, base.params)
        self._received = b""  # and not looked at yet

    async def _read_bytes(self, n: int) -> bytes:
        while len(self._received) < n:
            self._received += await self.stream.read_bytes(READ_BYTES, partial=True)
        data, self._received = self._received[:n], self._received[n:]
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
        if self._received:  # a client that sends without end must not keep the others waiting
            await asyncio.sleep(0)
