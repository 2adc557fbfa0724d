"""The table of transports, and the application made of it.

Adding a transport is adding a row to TRANSPORTS (and a file in each column of the README's table; the tests
name the ones that are missing). Nothing else in this package knows how many transports there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from transports.chat import Chat
from transports.handler import Handler, RoomHandler
from transports.long_polling import LongPollingHandler
from transports.metrics import HealthHandler, InspectHandler, Inspector, MetricsHandler
from transports.posting import PostingHandler, PublishHandler
from transports.refusals import DETAILS, Refused
from transports.server_sent_events import ServerSentEventsHandler
from transports.short_polling import ShortPollingHandler
from transports.websockets import WebSocketChatHandler

TRANSPORTS: dict[str, type[RoomHandler]] = {
    "short-polling": ShortPollingHandler,
    "long-polling": LongPollingHandler,
    "websocket": WebSocketChatHandler,
    "server-sent-events": ServerSentEventsHandler,
}

PING_SECONDS = 20.0  # below every proxy's idle time
PONG_SECONDS = 10.0
WHOLE_URL = re.compile(r"https?://([^/]+)(/.*)?", re.IGNORECASE)
FRAME_READ_BYTES = 1 << 20  # a frame over BODY_BYTES is refused; up to here it is read, to say so


class NotFound(Handler):
    """Answers every address that nothing else does."""

    async def prepare(self) -> None:
        raise Refused(404, DETAILS[404])


class ChatApplication(Application):
    """Tornado's application, for request lines that hold a whole URL, too (RFC 9112 §3.2.2)."""

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        if whole := WHOLE_URL.fullmatch(request.path):
            request.host = request.headers["Host"] = whole[1]  # whatever “Host” says
            request.path = whole[2] or "/"
        return super().find_handler(request, **kwargs)


def make_app(
    chat: Chat,
    routes: Sequence[tuple[Any, ...]] = (),
    *,
    trusted_origins: Sequence[str] = (),
    transports: dict[str, type[RoomHandler]] | None = None,
) -> Application:
    """Make the application that serves a chat, with more `routes` beside it.

    `transports` replaces the table, to try a learner's own transport. Call it on a running event loop.
    """
    table = TRANSPORTS if transports is None else transports
    return ChatApplication(
        [*_chat_routes(chat, table), *routes],
        default_handler_class=NotFound,
        default_handler_args={"chat": chat},
        log_function=_log_nothing,
        inspector=Inspector(chat, list(table)),
        cross_origin_protection=True,
        trusted_origins=list(trusted_origins),
        websocket_ping_interval=PING_SECONDS,
        websocket_ping_timeout=PONG_SECONDS,
        websocket_max_message_size=FRAME_READ_BYTES,
    )


def _chat_routes(chat: Chat, table: dict[str, type[RoomHandler]]) -> list[tuple[Any, ...]]:
    rooms = [(rf"/rooms/([^/]*)/{name}", handler) for name, handler in table.items()]
    others: list[tuple[str, type[RequestHandler]]] = [
        (r"/rooms/([^/]*)/messages", PostingHandler),
        (r"/publish", PublishHandler),
        (r"/inspect", InspectHandler),
        (r"/healthz", HealthHandler),
        (r"/metrics", MetricsHandler),
    ]
    return [(address, handler, {"chat": chat}) for address, handler in [*rooms, *others]]


def _log_nothing(handler: RequestHandler) -> None:
    """Leave access logs to the proxy; `/metrics` counts. What fails here is logged where it fails."""
