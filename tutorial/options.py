"""Options: what `python -m tutorial` takes, and the error when that can't be served.

Imports nothing of a server, so that `--help` and the other commands start at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from transports.parameters import HOLD_SECONDS


class CannotServe(Exception):
    """The server can't start with these options; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `--help` describes, by the same names."""

    port: int = 8888
    address: str = "127.0.0.1"
    store: str = "sqlite:chat.db"
    processes: int = 1
    history: int = 1000  # messages
    hold: float = HOLD_SECONDS
    rate_limit: float = 20.0  # messages a second from one address; 0: no limit
    publish_key: str | None = None
    secret: str | None = None
    trusted_origin: tuple[str, ...] = ()
    trusted_proxy: tuple[IPv4Network | IPv6Network, ...] = ()
    cacheable: bool = False
    debug: bool = False
    mine: tuple[int, ...] = ()  # exercises whose files the chat runs on
    friend: tuple[str, ...] = ()  # origins of other people's chats

    def url(self, port: int) -> str:
        """Return the address to open in a browser, or to give to a load test."""
        address = "127.0.0.1" if self.address in ("0.0.0.0", "::", "") else self.address
        return f"http://{f'[{address}]' if ':' in address else address}:{port}/"
