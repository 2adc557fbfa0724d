"""Handshake: what a request must bring to become a WebSocket (RFC 6455 §4.2.1).

Tornado checks it too, and answers in plain text; here a refusal is a problem detail like every other.
"""

from __future__ import annotations

from tornado.httputil import HTTPHeaders

from transports.refusals import Refused


def check_handshake(headers: HTTPHeaders) -> None:
    """Return when a request may be upgraded. Raises: Refused."""
    if headers.get("Upgrade", "").lower() != "websocket":
        raise Refused(426, "this address speaks WebSocket: upgrade", {"Upgrade": "websocket"})
    upgrades = "upgrade" in headers.get("Connection", "").lower()
    version = headers.get("Sec-WebSocket-Version")
    if not upgrades or version != "13" or not headers.get("Sec-WebSocket-Key"):
        supported = {"Sec-WebSocket-Version": "13"}
        raise Refused(400, "the handshake is broken (RFC 6455 §4.2.1)", supported)
