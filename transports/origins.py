"""Origins: whose pages may use this chat.

A browser says which site's page asks (`Sec-Fetch-Site`, `Origin`); a program says nothing, and is no page. Our own
pages may do everything, another site's nothing, unless the server was started with that origin as a trusted one.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

# What a trusted origin’s page may send beside the headers that every page may.
ALLOWED_HEADERS = "Content-Type, Authorization, Last-Event-ID, Cache-Control"


def parseable(origin: str) -> bool:
    """Return whether an origin can be taken apart at all; Tornado expects that it can."""
    try:
        urlsplit(origin)
    except ValueError:
        return False
    return True


def is_foreign(request: HTTPServerRequest, trusted: Callable[[str], bool]) -> bool:
    """Return whether another site's page sent a request, and none that is trusted."""
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is None and origin is None:
        return False  # no browser
    if _is_followed_link(request):
        return False
    if site in ("same-origin", "none"):
        return False
    if site is None and origin is not None:
        host = headers.get("Host", "").lower()
        if urlsplit(origin).netloc.lower() == host:
            return False
    return origin is None or not trusted(origin)


def _is_followed_link(request: HTTPServerRequest) -> bool:
    """Return whether a person followed a link from another site: the answer is shown, and no page reads it."""
    mode, destination = (request.headers.get(f"Sec-Fetch-{name}") for name in ("Mode", "Dest"))
    return request.method == "GET" and (mode, destination) == ("navigate", "document")
