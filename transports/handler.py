"""What every handler shares: its room, its cursor, and how it refuses.

A transport's handler says only how its answers travel; what a request must be, is asked here.
Refusals are problem details (RFC 9457); nothing that a client sent gets into a status line or a header.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders
from tornado.log import app_log
from tornado.web import RequestHandler

from transports.chat import Chat
from transports.origins import ALLOWED_HEADERS, is_foreign, parseable
from transports.parameters import WAIT_MAX_SECONDS, parse_cursor, parse_limit, parse_seconds
from transports.refusals import DETAILS, Draining, Refused, as_refusal, problem
from transports.room import Room, Subscription
from transports.sender import Sender
from transports.stream import CountedStream
from transports.tokens import is_private
from transports.wire import ROOM_NAME, Cursor, Malformed, Start, to_json

# Of a reader that stays; what else came with its request is dropped.
ASKED_LATER = ("Connection", "Origin", "X-Forwarded-For")


class Handler(RequestHandler):
    """Answers JSON that is never cached, refuses with problem details, and counts itself."""

    __slots__ = ("chat", "stream")  # a dict grows at 30 members: 1.5 KiB for each idle reader
    transport = "other"

    def initialize(self, chat: Chat) -> None:
        self.ui.clear()  # for Tornado's templates, of which there are none: 2 KiB
        self.chat = chat
        self.stream = cast(CountedStream, cast(HTTP1Connection, self.request.connection).stream)
        chat.connections.in_progress.add(self)
        chat.requests[self.transport] += 1
        if not parseable(self.request.headers.get("Origin", "")):
            self.request.headers["Origin"] = "null"  # Tornado would fail to read it

    @property
    def has_left(self) -> bool:
        """Whether the client has gone. Ask after each `await` and each write: either may take that long."""
        return self.stream.closed()

    def set_default_headers(self) -> None:
        self._headers["Content-Type"] = "application/json; charset=utf-8"
        self._headers["Cache-Control"] = "no-store"
        if self.settings["trusted_origins"]:
            self._set_cors(self.request.headers.get("Origin"))

    def _set_cors(self, origin: str | None) -> None:
        self.set_header("Vary", "Origin")
        if origin is not None and self.check_trusted_origin(origin):
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Expose-Headers", "Retry-After, Server-Timing")

    def compute_etag(self) -> str | None:
        return None  # an answer is never 304

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise Malformed("the address isn’t UTF-8") from error

    async def prepare(self) -> None:
        self._check_origin()
        self._reject_if_draining()

    def _check_origin(self) -> None:
        """Refuse another site's page also when it reads; when it writes, Tornado has done so."""
        if is_foreign(self.request, self.check_trusted_origin):
            raise Refused(403, DETAILS[403])

    def _reject_if_draining(self) -> None:
        if self.chat.draining:
            raise Draining

    def options(self, *_: str) -> None:
        """Answer what a trusted origin's page may send (the preflight of CORS)."""
        self.set_header("Allow", self._allowed())
        if "Access-Control-Allow-Origin" in self._headers:
            self.set_header("Access-Control-Allow-Methods", self._allowed())
            self.set_header("Access-Control-Allow-Headers", ALLOWED_HEADERS)
        self.set_status(204)

    @property
    def address(self) -> str:
        """The client's address, also when a trusted proxy stands in between."""
        forwarded_for = self.request.headers.get("X-Forwarded-For", "")
        return self.chat.proxies.client(self.request.remote_ip or "", forwarded_for)

    def bearer(self) -> str | None:
        """Return the token or key that `Authorization: Bearer` shows (RFC 6750 §2.1)."""
        scheme, _, shown = self.request.headers.get("Authorization", "").partition(" ")
        return shown.strip() if scheme.lower() == "bearer" else None

    def _query_argument(self, name: str) -> str:
        """Return the last value of a parameter as it was sent; "" when there is none. Raises: Malformed."""
        values = self.request.query_arguments.get(name)
        return self.decode_argument(values[-1], name) if values else ""

    def _allowed(self) -> str:
        none = RequestHandler._unimplemented_method
        names = [n for n in self.SUPPORTED_METHODS if getattr(type(self), n.lower()) is not none]
        return ", ".join(names)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        refusal = as_refusal(error) or Refused(status_code, DETAILS.get(status_code, ""))
        self.set_status(refusal.status)
        self.set_header("Content-Type", "application/problem+json")
        for name, value in refusal.headers.items():
            self.set_header(name, value)
        if refusal.status == 405:
            self.set_header("Allow", self._allowed())
        self.finish(to_json(problem(refusal.status, str(refusal))))

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if isinstance(value, asyncio.CancelledError):
            return  # the server ended in the middle of it
        if as_refusal(value) is None:  # a refusal is the client's matter; a bug is ours
            where = f"{self.request.method} {self.request.path}"  # no query: it may hold a token
            app_log.error("Uncaught exception: %s", where, exc_info=value)

    def finish(self, chunk: Any = None) -> Any:
        if self.chat.draining:
            self.set_header("Connection", "close")
        return super().finish(chunk)

    def on_finish(self) -> None:
        self.chat.connections.closed(self)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.chat.connections.closed(self)


class RoomHandler(Handler):
    """A handler of `/rooms/{room}/…`: before it is asked it has entered its room, as far as the reader's cursor."""

    __slots__ = ("room", "sender", "subscription", "token_seconds")
    room: Room
    subscription: Subscription | None  # these two are set by a transport that pushes
    sender: Sender | None
    token_seconds: float | None  # how long a private room’s token is still good

    def initialize(self, chat: Chat) -> None:
        super().initialize(chat)
        self.subscription = self.sender = self.token_seconds = None

    async def prepare(self) -> None:
        await super().prepare()
        name = self.path_args[0]
        if not ROOM_NAME.fullmatch(name):
            raise Refused(404, "no such room: a name is 1 to 64 of a–z, 0–9 and “-”")
        if is_private(name) and self.request.method != "OPTIONS":  # a preflight shows no token
            token = self.bearer() or self._query_argument("token")
            self.token_seconds = self.chat.tokens.check(name, token)
        reading = self.request.method in ("GET", "HEAD")
        self.room = await self.chat.rooms.enter(name, self.cursor() if reading else Start.NOW)
        self._reject_if_draining()  # drained meanwhile, it would be held with nobody left to release it

    def cursor(self) -> Cursor | Start:
        """Return where the client wants to go on. Raises: Malformed."""
        return parse_cursor(self._query_argument("cursor"))

    def limit(self) -> int:
        """Return how many messages the client wants at most. Raises: Malformed."""
        return parse_limit(self._query_argument("limit"))

    def wait_seconds(self) -> float:
        """Return how long to hold: by default with jitter, so that clients don't return together. Raises: Malformed."""
        default = self.chat.hold_seconds * random.uniform(0.9, 1.1)
        wait = parse_seconds("wait", self._query_argument("wait"), WAIT_MAX_SECONDS, default)
        return wait if self.token_seconds is None else min(wait, self.token_seconds)

    def shed_headers(self) -> None:
        """Drop what a reader that stays would keep in memory for hours, but for what is still asked."""
        headers = self.request.headers
        kept = {name: headers[name] for name in ASKED_LATER if name in headers}
        HTTPHeaders.__init__(headers, kept)  # in place: the connection has them, too
        self._headers, self.request.arguments = HTTPHeaders(), self.request.query_arguments

    def unsubscribe(self) -> None:
        """Push nothing more. May be called more than once."""
        if self.subscription is not None:
            self.subscription.cancel()
        if self.sender is not None:
            self.sender.stop()
        self.subscription = self.sender = None
