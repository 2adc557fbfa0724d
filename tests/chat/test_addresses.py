"""Who a client is: its address through proxies, without a port, and all of an IPv6 household as one."""

from __future__ import annotations

import json
from ipaddress import ip_network

import pytest

from tests.conftest import Serve
from tests.support.http import ask
from transports.proxies import TrustedProxies, one_client, plain
from transports.rate import RateLimit

BODY = json.dumps({"author": "ann", "text": "hi"}).encode()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.8", "203.0.113.8"),
        ("203.0.113.8:50001", "203.0.113.8"),
        (" 203.0.113.8:50001 ", "203.0.113.8"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:203.0.113.8", "203.0.113.8"),
        ("[::ffff:203.0.113.8]:443", "203.0.113.8"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_an_address_is_read_without_its_port(written: str, meant: str) -> None:
    assert plain(written) == meant


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("203.0.113.8", "203.0.113.8", True),
        ("203.0.113.8", "203.0.113.9", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("unknown", "unknown", True),
    ],
)
def test_an_ipv6_client_is_its_64(address: str, other: str, same: bool) -> None:
    assert (one_client(address) == one_client(other)) == same


@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1"])
@pytest.mark.parametrize("client", ["203.0.113.8", "203.0.113.8:50001", "[2001:db8::1]:50001"])
@pytest.mark.parametrize("hop", ["", ", 10.0.0.2", ", 10.0.0.2:8080", ", [::ffff:10.0.0.2]:80"])
def test_a_client_is_found_past_trusted_proxies_with_ports(
    peer: str, client: str, hop: str
) -> None:
    proxies = TrustedProxies([ip_network("10.0.0.0/8")])
    assert proxies.client(peer, f"198.51.100.1, {client}{hop}") == plain(client)


@pytest.mark.parametrize("shape", ["203.0.113.8:{}", "[2001:db8::1]:{}", "2001:db8::{}"])
async def test_another_port_or_suffix_is_no_new_client_for_the_rate_limit(
    serve: Serve, shape: str
) -> None:
    proxies = TrustedProxies([ip_network("127.0.0.0/8")])
    server = await serve(rate=RateLimit(0.001), proxies=proxies)
    statuses = []
    for port in range(50001, 50004):
        headers = {"X-Forwarded-For": shape.format(str(port)[-4:])}
        answer = await ask(server.url, "/rooms/lobby/messages", "POST", BODY, headers)
        statuses.append(answer.status)
    assert statuses == [201, 429, 429]
