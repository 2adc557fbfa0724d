"""TrustedProxies: who sent a request, when a proxy of ours stands in between.

A proxy that forwards a request adds the address it came from to X-Forwarded-For, at the right. So the header is
read from the right, past the proxies that we trust, and the first other address is the client's; what stands
further left, the client may have written itself. From anybody else the header means nothing. X-Real-IP is not
read: most proxies pass it on as it came, so a stranger's word would look like the proxy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address


class TrustedProxies:
    """The proxies in front of this server: a single address is the network of one."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = networks

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return the client's address: `peer` itself, unless that is one of these proxies."""
        client = peer
        for claimed in reversed(forwarded_for.split(",")):
            if not self._are(client):
                break
            client = claimed.strip() or client
        return client

    def _are(self, address: str) -> bool:
        try:
            return any(ip_address(address) in network for network in self._networks)
        except ValueError:
            return False  # not an address
