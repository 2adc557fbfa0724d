"""Handshake: what a request must bring to become a WebSocket (RFC 6455 §4.2.1).

Tornado checks it too, and answers in plain text; here a refusal is a problem detail like every other.
"""

from __future__ import annotations

import base64

from tornado.httputil import HTTPServerRequest

from transports.refusals import Refused

KEY_BYTES = 16


def check_handshake(request: HTTPServerRequest) -> None:
    """Return when a request may be upgraded. Raises: Refused."""
    headers = request.headers
    if headers.get("Upgrade", "").lower() != "websocket":
        raise Refused(426, "this address speaks WebSocket: upgrade", {"Upgrade": "websocket"})
    upgrades = "upgrade" in headers.get("Connection", "").lower() and request.version != "HTTP/1.0"
    version = headers.get("Sec-WebSocket-Version")
    if not upgrades or version != "13" or not _is_key(headers.get("Sec-WebSocket-Key", "")):
        supported = {"Sec-WebSocket-Version": "13"}
        raise Refused(400, "the handshake is broken (RFC 6455 §4.2.1)", supported)


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except ValueError:
        return False
