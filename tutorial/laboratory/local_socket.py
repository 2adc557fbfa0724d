"""LocalSocket: a WebSocket for a page on this machine, over which the laboratory reports.

Its client may leave at any moment, also during a write; what could not be written then has nobody to miss it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from transports.wire import to_json
from tutorial.site.local_only import LocalHandler


class LocalSocket(LocalHandler, WebSocketHandler):
    """Sends JSON to a page until the page leaves."""

    @property
    def has_closed(self) -> bool:
        """Whether the page has left, perhaps before `open`: then `on_close` has been, and nothing may begin."""
        protocol = cast(Any, self.ws_connection)
        return protocol is None or protocol.stream.closed()

    def send(self, fields: dict[str, Any]) -> None:
        """Write one message; after the page has left, nothing."""
        with suppress(WebSocketClosedError):
            written = asyncio.ensure_future(self.write_message(to_json(fields)))
            written.add_done_callback(_take_exception)


def _take_exception(written: asyncio.Future[None]) -> None:
    """Note that the page left during the write, or asyncio would log it as an error that nobody saw."""
    if not written.cancelled():
        written.exception()
