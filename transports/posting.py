"""Posting: how a message comes in, over HTTP and from outside programs.

Reading has as many transports as there are; writing over HTTP is one POST, whichever transport its author reads.
`accept` is what every way in goes through, the WebSocket's too.
"""

from __future__ import annotations

import hmac
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.web import stream_request_body

from transports.chat import Chat
from transports.handler import Handler, RoomHandler
from transports.proxies import one_client
from transports.refusals import Draining, Refused, TooMany, as_refusal
from transports.room import Room
from transports.wire import BODY_BYTES, Ack, Draft, parse_object, room_field

READ_BYTES = 1 << 20  # a body that says it is longer is refused before it is read
ANY_BYTES = 1 << 62


async def accept(chat: Chat, room: Room, draft: Draft, address: str | None) -> Ack:
    """Post what a client sent. `address` is the client's; None: one that no rate limit applies to.

    Raises: Draining, TooMany, Unavailable.
    """
    if chat.draining:
        raise Draining
    if address is not None and (wait := chat.rate.take(one_client(address))):
        raise TooMany(wait)
    ack = await room.post(draft)
    chat.counts.messages += not ack.duplicate
    return ack


@stream_request_body
class BodyHandler(Handler):
    """Reads a JSON body of at most BODY_BYTES. Tornado itself would answer a bigger one 400, and hang up.

    The rest of a body that is too big is read and not kept, so that the refusal reaches its sender.
    """

    transport = "posting"
    _rejection: Exception | None = None

    async def prepare(self) -> None:
        self._body = bytearray()
        self._received = 0
        cast(HTTP1Connection, self.request.connection).set_max_body_size(ANY_BYTES)
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and (len(length) > 9 or int(length) > READ_BYTES):
            raise Refused(413, f"a body may have {BODY_BYTES} bytes")
        try:
            await super().prepare()
            self._check_content_type()
        except Exception as error:
            if self.request.method != "POST" or as_refusal(error) is None:
                raise
            self._rejection = error  # raised after the body: an answer before its end may be lost

    def _check_content_type(self) -> None:
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if self.request.method == "POST" and kind != "application/json":
            raise Refused(415, "send Content-Type: application/json")
        if self.request.headers.get("Content-Encoding"):
            raise Refused(415, "send the body as it is, without a Content-Encoding")

    def data_received(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._received <= BODY_BYTES:
            self._body += chunk

    def body(self) -> bytes:
        """Return the whole body. Raises: what refuses the request."""
        if self._rejection is not None:
            raise self._rejection
        if self._received > BODY_BYTES:
            raise Refused(413, f"a body may have {BODY_BYTES} bytes")
        return bytes(self._body)

    def acknowledge(self, ack: Ack) -> None:
        """Answer 201 for a new message, 200 for one that was there already."""
        self.set_status(200 if ack.duplicate else 201)
        self.finish(ack.json)


class PostingHandler(BodyHandler, RoomHandler):
    """`POST /rooms/{room}/messages` → an ack, once the store has the message."""

    async def post(self, room: str) -> None:
        draft = Draft.parse(self.body())
        self.acknowledge(await accept(self.chat, self.room, draft, self.address))


class PublishHandler(BodyHandler):
    """`POST /publish` → an ack; for programs that carry the publish key, into any room."""

    def body(self) -> bytes:
        body = super().body()
        key, shown = self.chat.publish_key, self.bearer() or ""
        if not key or not hmac.compare_digest(shown.encode("latin-1"), key.encode()):
            ask = {"WWW-Authenticate": "Bearer"}
            raise Refused(401, "send “Authorization: Bearer” with the server’s publish key", ask)
        return body

    async def post(self) -> None:
        fields = parse_object(self.body())
        draft = Draft.of(fields)
        room = await self.chat.rooms.enter(room_field(fields))
        self.acknowledge(await accept(self.chat, room, draft, None))
