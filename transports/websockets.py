"""WebSocket: send me what comes, for as long as I'm here.

After one HTTP handshake the connection carries frames both ways: batches down, messages up. There is no request to
answer, so the room *pushes* (see `Room.subscribe`), and everything that HTTP gave for free is ours: pings that notice
a dead peer, a limit for a peer that doesn't read, a close code that says what to do next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from transports.closing import ClosingHandler
from transports.frames import batch_frame, error_json, key_of, parse_send
from transports.handler import RoomHandler
from transports.handshake import check_handshake
from transports.posting import accept
from transports.refusals import DETAILS, Refused, TooMany, refusal_of
from transports.sender import Sender
from transports.tokens import TokenNeeded, TokenOfAnotherRoom
from transports.wire import Batch, Malformed

REFUSALS_IN_A_ROW = 40  # so many messages over the rate, and the socket is closed


class WebSocketChatHandler(RoomHandler, ClosingHandler):
    """`GET /rooms/{room}/websocket?cursor=` + upgrade → batches, one a frame; messages the other way."""

    transport = "websocket"
    frame_of: Callable[[Batch], bytes] = staticmethod(batch_frame)
    _rejection: Refused | None = None
    _refusals = 0

    async def prepare(self) -> None:
        try:
            await super().prepare()
        except (Malformed, TokenNeeded, TokenOfAnotherRoom) as error:
            self._rejection = refusal_of(error)  # a browser can’t see why an upgrade fails

    async def get(self, room: str) -> None:
        check_handshake(self.request)
        await super().get(room)
        if self.get_status() == 403:  # another site's page: Tornado has looked at its origin
            raise Refused(403, DETAILS[403])

    def open(self, room: str) -> None:
        if self.has_left:
            return  # `on_close` comes next
        self.set_nodelay(True)
        self.chat.connections.open(self, self.token_seconds)
        if self._rejection is not None:
            self.close(4000 + self._rejection.status, str(self._rejection))
            return
        on_stall = partial(self.close, 1013, "too slow: try again later")
        self.shed_headers()
        self.sender = Sender(self.stream, self.frame_of, on_stall)
        self.subscription = self.room.subscribe(self.cursor(), self.sender.push)

    async def on_message(self, message: str | bytes) -> None:
        if self.subscription is None:
            return  # a Close was sent: what comes after it is not read
        try:
            answer = (await accept(self.chat, self.room, parse_send(message), self.address)).json
            self._refusals = 0
        except Exception as error:
            answer = self._refuse(refusal_of(error), message)
        await self.reply(answer)

    def _refuse(self, refusal: Refused, message: str | bytes) -> bytes:
        self._refusals += isinstance(refusal, TooMany)
        if self._refusals > REFUSALS_IN_A_ROW:
            self.close(1008, "too many messages")
        return error_json(refusal, key_of(message))

    def on_closing(self) -> None:
        self.unsubscribe()

    def on_close(self) -> None:
        self.unsubscribe()
        self.chat.connections.closed(self)
