"""Closing: what a WebSocket still does after its Close frame: nothing (RFC 6455 §5.5.1).

Several things close a socket: the chat, a silent peer, a frame that is too big. Tornado's protocol knows them all, and
this is a small change of it. It stands apart because nothing else here reaches into Tornado.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from transports.frames import text_frame
from transports.receiving import ReceivingProtocol
from transports.stream import CountedStream

TOO_BIG = 1009
PROTOCOL_ERROR = 1002
SENDABLE = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})  # RFC 6455 §7.4
DISCARD_SECONDS = 0.5
DISCARD_BYTES = 1 << 16


class ClosingHandler(WebSocketHandler):
    """A WebSocket that knows when it closes, whatever closes it."""

    stream: CountedStream
    frame: Callable[[bytes], bytes] = staticmethod(text_frame)

    async def reply(self, answer: bytes) -> None:
        """Send an answer, unless the socket is closing. Until it is written, nothing more is read from its client."""
        protocol = self.ws_connection
        if protocol is None or protocol.is_closing():
            return
        if written := self.stream.send(self.frame(answer)):
            await asyncio.wait([written])

    def on_closing(self) -> None:
        """Stop sending: a Close frame is next, and must be the last. May be called more than once."""

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Return a ClosingProtocol, where Tornado would return its own."""
        base = super().get_websocket_protocol()
        return ClosingProtocol(self, base) if isinstance(base, WebSocketProtocol13) else base


class ClosingProtocol(ReceivingProtocol):
    """Announces each Close frame, and lets the rest of a frame that is too big run out.

    Hung up on in the middle of its frame, the sender would see a reset, and no code. A Close that came with a code that
    nobody may send is a protocol error; Tornado would send it back.
    """

    __slots__ = ("_abort_follows", "_discarding", "_on_closing")  # see Handler

    def __init__(self, handler: ClosingHandler, base: WebSocketProtocol13) -> None:
        super().__init__(handler, base)
        self._on_closing = handler.on_closing
        self._discarding = False
        self._abort_follows = False

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a Close frame, unless one was sent; 1002 in place of a code that must not be sent."""
        self._on_closing()
        if code == TOO_BIG and not self.is_closing():
            self._discarding = self._abort_follows = True
        super().close(code if code is None or code in SENDABLE else PROTOCOL_ERROR, reason)

    def _abort(self) -> None:
        if not self._abort_follows:
            super()._abort()
        self._abort_follows = False

    def _receive_frame(self) -> Coroutine[Any, Any, None]:
        """Return what to await: a coroutine around Tornado's would stay with each idle socket."""
        return self._discard() if self._discarding else super()._receive_frame()

    async def _discard(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                await self.stream.read_bytes(DISCARD_BYTES, partial=True)
                return
        self._abort()
