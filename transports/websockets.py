"""WebSocket: tell me, for as long as I'm here.

After one HTTP handshake the connection carries frames both ways: batches down, messages up. There is no request to
answer, so the room *pushes* (see `Room.follow`), and everything that HTTP gave for free is ours: pings that notice a
dead peer, a limit for a peer that doesn't read, a close code that says what to do next.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from transports.handler import RoomHandler
from transports.posting import accept
from transports.refusals import Refused, TooMany, as_refusal, problem
from transports.room import Unavailable
from transports.sender import Sender
from transports.stream import CountedStream
from transports.tokens import TokenNeeded, TokenOfAnotherRoom
from transports.wire import (
    BODY_BYTES,
    Batch,
    Draft,
    Malformed,
    Unacceptable,
    parse_object,
    to_json,
)

REFUSALS_IN_A_ROW = 40  # so many messages over the rate, and the socket is closed


@lru_cache(maxsize=16)
def text_frame(batch: Batch) -> bytes:
    """Put a batch into one unmasked, unfragmented text frame (RFC 6455 §5.2).

    Remembered, because a room gives the same batch to each of its readers.
    """
    payload = batch.json
    if len(payload) < 126:
        return struct.pack("!BB", 0x81, len(payload)) + payload
    if len(payload) < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, len(payload)) + payload
    return struct.pack("!BBQ", 0x81, 127, len(payload)) + payload


class WebSocketChatHandler(RoomHandler, WebSocketHandler):
    """`GET /rooms/{room}/websocket?cursor=` + upgrade → batches, one a frame; messages the other way."""

    transport = "websocket"
    _turned_away: Exception | None = None
    _refusals = 0

    async def prepare(self) -> None:
        try:
            await super().prepare()
        except (Malformed, TokenNeeded, TokenOfAnotherRoom) as error:
            self._turned_away = error  # a browser can't see the status of a refused upgrade

    async def get(self, room: str) -> None:
        self._demand_handshake()
        await super().get(room)
        if self.get_status() == 403:  # another site's page: Tornado has looked at its origin
            raise Refused(403, "another site’s page may not use this chat")

    def _demand_handshake(self) -> None:
        headers = self.request.headers
        if headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(426, "this address speaks WebSocket: upgrade", {"Upgrade": "websocket"})
        upgrades = "upgrade" in headers.get("Connection", "").lower()
        version = headers.get("Sec-WebSocket-Version")
        if not upgrades or version != "13" or not headers.get("Sec-WebSocket-Key"):
            supported = {"Sec-WebSocket-Version": "13"}
            raise Refused(400, "the handshake is broken (RFC 6455 §4.2.1)", supported)

    def open(self, room: str) -> None:
        assert self.ws_connection is not None
        stream = cast(CountedStream, self.ws_connection.stream)
        if stream.closed():
            return  # the client left while we entered its room; `on_close` comes next
        self.set_nodelay(True)
        self.chat.sockets[self] = self.close
        if refusal := as_refusal(self._turned_away):
            self.close(4000 + refusal.status, str(refusal))
            return
        self.stay()
        push = Sender(stream, text_frame, self._give_up).push
        self.follower = self.room.follow(self.cursor(), push)

    def _give_up(self) -> None:
        self.close(1013, "too slow: try again later")

    async def on_message(self, message: str | bytes) -> None:
        if self.follower is None:
            return  # it was turned away, and is on its way out
        if len(message.encode() if isinstance(message, str) else message) > BODY_BYTES:
            self.close(1009, f"a frame may have {BODY_BYTES} bytes")
            return
        answer = await self._answer(message)
        with suppress(WebSocketClosedError):  # who has left meanwhile has sent it all the same
            await self.write_message(answer)

    async def _answer(self, message: str | bytes) -> bytes:
        """Take in one frame; give the ack, or the error that says what to change."""
        fields: dict[str, Any] = {}
        try:
            fields = parse_object(message)
            if fields.get("type") != "send":
                raise Unacceptable("“type” must be “send”")
            draft = Draft.of(fields)
            ack = await accept(self.chat, self.room, draft, self.address)
        except (Malformed, Unacceptable, Unavailable, Refused) as error:
            return self._refuse(error, fields.get("key"))
        self._refusals = 0
        return ack.json

    def _refuse(self, error: Exception, key: object) -> bytes:
        refusal = as_refusal(error)
        assert refusal is not None
        told = problem(refusal.status, str(refusal)) | {"type": "error"}
        if isinstance(key, str):
            told["key"] = key
        if isinstance(refusal, TooMany):
            told["retry_after"] = refusal.retry_after
            self._refusals += 1
            if self._refusals > REFUSALS_IN_A_ROW:
                self.close(1008, "too many messages")
        return to_json(told)

    def on_close(self) -> None:
        if self.follower is not None:
            self.follower.leave()
        self.chat.left(self)
