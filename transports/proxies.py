"""TrustedProxies: who sent a request, when a proxy of ours stands in between.

A proxy that forwards a request adds the address it came from to X-Forwarded-For, at the right. So the header is
read from the right, past the proxies that we trust, and the first other address is the client's; what stands
further left, the client may have written itself. From anybody else the header means nothing. X-Real-IP is not
read: most proxies pass it on as it came, so a stranger's word would look like the proxy's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

ADDRESSES_REMEMBERED = 256  # each is asked for with every message
IPV6_CLIENT_BITS = 64  # a household or a machine has that many addresses of its own (RFC 6177)
_WITH_PORT = re.compile(
    r"\[(.*)\](?::[0-9]*)?|([^:]*):[0-9]*"
)  # [2001:db8::1]:443, 203.0.113.8:50001


class TrustedProxies:
    """The proxies in front of this server: a single address is the network of one."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = networks

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return the client's address, without a port: `peer` itself, unless that is one of these proxies."""
        client = plain(peer)
        for claimed in reversed(forwarded_for.split(",")):
            if not self._are(client):
                break
            client = plain(claimed) or client
        return client

    def _are(self, address: str) -> bool:
        parsed = parse(address)
        return parsed is not None and any(parsed in network for network in self._networks)


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def plain(address: str) -> str:
    """Return an address without port and brackets; an IPv4 address as such, also where IPv6 carries it."""
    address = address.strip()
    if with_port := _WITH_PORT.fullmatch(address):
        address = with_port[1] or with_port[2] or ""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return address if parsed is None else str(parsed)


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def parse(address: str) -> IPv4Address | IPv6Address | None:
    """Return an address as a number; None: it is none."""
    try:
        return ip_address(address)
    except ValueError:
        return None


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def one_client(address: str) -> str:
    """Return what all addresses of one client have in common: IPv4 all of it, IPv6 its /64."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed.packed, IPV6_CLIENT_BITS), strict=False))
    return address
