"""The security headers of every page and file of the site: a browser is to trust this server alone."""

from __future__ import annotations

import re

from tornado.web import RequestHandler

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; "
    # disposable servers and the chaos proxy listen on ports of the reader's own machine, and nowhere else
    "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*; "
    "frame-src 'self' http://127.0.0.1:* http://localhost:*",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


OWN = "connect-src 'self'"
FRIEND = re.compile(r"http(s?://[a-z0-9.:\[\]-]+)")


def protect(handler: RequestHandler) -> None:
    """Set the headers; no inline script or style runs under them."""
    for name, value in HEADERS.items():
        handler.set_header(name, value.replace(OWN, OWN + _friends(handler)))


def _friends(handler: RequestHandler) -> str:
    """Return the other people's chats that a page may reach, over HTTP and over a WebSocket."""
    found = [FRIEND.fullmatch(origin) for origin in handler.settings.get("friends", ())]
    return "".join(f" http{each[1]} ws{each[1]}" for each in found if each)
