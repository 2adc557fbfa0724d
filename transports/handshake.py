"""Handshakes: what a request must bring to become a WebSocket (RFC 6455 §4.2.1), and how one is closed (§7).

Tornado checks the first too, and answers in plain text; here a refusal is a problem detail like every other. It answers
a Close with the code that came, even with one that nobody may send; here that is a protocol error.
"""

from __future__ import annotations

from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from transports.refusals import Refused

PROTOCOL_ERROR = 1002
SENDABLE = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})  # RFC 6455 §7.4


def check_handshake(headers: HTTPHeaders) -> None:
    """Return when a request may be upgraded. Raises: Refused."""
    if headers.get("Upgrade", "").lower() != "websocket":
        raise Refused(426, "this address speaks WebSocket: upgrade", {"Upgrade": "websocket"})
    upgrades = "upgrade" in headers.get("Connection", "").lower()
    version = headers.get("Sec-WebSocket-Version")
    if not upgrades or version != "13" or not headers.get("Sec-WebSocket-Key"):
        supported = {"Sec-WebSocket-Version": "13"}
        raise Refused(400, "the handshake is broken (RFC 6455 §4.2.1)", supported)


class StrictProtocol(WebSocketProtocol13):
    """Tornado’s side of a connection, which answers a Close with a code that may be sent."""

    @classmethod
    def of(cls, handler: WebSocketHandler) -> StrictProtocol | None:
        """Return the protocol of a connection whose version of the handshake is known, or None."""
        found = WebSocketHandler.get_websocket_protocol(handler)
        if not isinstance(found, WebSocketProtocol13):
            return None
        return cls(handler, False, found.params)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a Close frame; 1002 in place of a code that must not be sent."""
        super().close(code if code is None or code in SENDABLE else PROTOCOL_ERROR, reason)
