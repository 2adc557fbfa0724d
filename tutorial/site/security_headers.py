"""The security headers of every page and file of the site: a browser is to trust this server alone."""

from __future__ import annotations

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


def protect(handler: RequestHandler) -> None:
    """Set the headers; no inline script or style runs under them."""
    for name, value in HEADERS.items():
        handler.set_header(name, value)
