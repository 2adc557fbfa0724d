"""What only a person at this machine may do: use the laboratory, write files, start checks.

A request from loopback is not enough: a proxy on this machine forwards strangers from there, and a hostile page can
point a name of its own at 127.0.0.1. So every name and address in the request must be this machine's.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from transports.handler import Handler
from transports.posting import BodyHandler
from transports.refusals import Refused

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
REFUSAL = "only a browser on the machine that runs this server may do that: start it there"


def is_local(request: HTTPServerRequest) -> bool:
    """Return whether a request comes from this machine, by its own name, from a page of its own, past no proxy."""
    headers = request.headers
    addresses = [f"//{headers.get('Host', '')}"]
    if "Origin" in headers:
        addresses.append(headers["Origin"])
    return (
        _is_loopback(request.remote_ip)
        and all(_host(address) in LOCAL_NAMES for address in addresses)
        and headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
        and not any(name in headers for name in FORWARDING)
    )


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


class LocalHandler(Handler):
    """Answers this machine alone; any other gets 403."""

    transport = "laboratory"

    async def prepare(self) -> None:
        if not is_local(self.request):
            raise Refused(403, REFUSAL)
        await super().prepare()


class LocalBodyHandler(BodyHandler):
    """Takes a JSON body from this machine alone."""

    transport = "laboratory"

    async def prepare(self) -> None:
        if not is_local(self.request):
            raise Refused(403, REFUSAL)
        await super().prepare()
