"""TLS: what it costs a push, and a connection, in processor time and in bytes.

A proxy in front of the chat pays it, or another program that ends the encryption. Therefore no chat is needed here:
one frame after the other goes through a pair of sockets, over TLS and in the clear, and handshakes are made in memory.
What is counted is the server's part of it, by the same OpenSSL that proxies use.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from threading import Thread
from typing import Any

from loadtests.benchmarks.contenders import Settings
from loadtests.benchmarks.samples import Contender, Measured, Row, Sample, measure
from loadtests.comparison.server import NotStarted

FRAME = b"x" * 264  # as a message of 102 characters is, in its batch
AT_ONCE = 20  # frames that a socket's buffer takes
PUSHES, HANDSHAKES = 20_000, 200

Pair = tuple[Any, Any]  # a server's end, and a client's


def no_server() -> AbstractContextManager[Any]:
    """Return what stands in a server's place where none is needed."""
    return nullcontext()


class Contexts:
    """A server's and a client's, with a certificate for this machine. Raises: NotStarted."""

    def __init__(self) -> None:
        try:
            import trustme
        except ModuleNotFoundError as error:
            raise NotStarted("trustme is not installed") from error
        authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.issue_cert("127.0.0.1").configure_cert(self.server)
        authority.configure_trust(self.client)


def clear_pair() -> Pair:
    """Return two sockets, each the other's end."""
    return socket.socketpair()


def tls_pair() -> Pair:
    """Return the same, over TLS. Raises: NotStarted."""
    contexts, (server, client) = Contexts(), socket.socketpair()
    secured: list[ssl.SSLSocket] = []
    accepting = Thread(
        target=lambda: secured.append(contexts.server.wrap_socket(server, server_side=True))
    )
    accepting.start()
    ended = contexts.client.wrap_socket(client, server_hostname="127.0.0.1")
    accepting.join()
    return secured[0], ended


def push_us(pair: Callable[[], Pair], pushes: int) -> Sample:
    """Return what a push costs the server, in µs."""
    server, client = pair()
    used = 0.0
    with closing(server), closing(client):
        for _ in range(max(1, pushes // AT_ONCE)):
            began = time.process_time()
            for _ in range(AT_ONCE):
                server.send(FRAME)
            used += time.process_time() - began
            left = AT_ONCE * len(FRAME)
            while left:
                left -= len(client.recv(left))
    return Sample(used / (max(1, pushes // AT_ONCE) * AT_ONCE) * 1e6)


class Handshake:
    """One connection's begin, in memory: the server's processor time, and the bytes both ways."""

    def __init__(self, contexts: Contexts) -> None:
        up, self.down = ssl.MemoryBIO(), ssl.MemoryBIO()
        received = ssl.MemoryBIO()
        self.server = contexts.server.wrap_bio(up, self.down, server_side=True)
        sent = ssl.MemoryBIO()
        client = contexts.client.wrap_bio(received, sent, server_hostname="127.0.0.1")
        self.seconds, self.bytes = 0.0, 0
        done = False
        while not done:
            _step(client)
            self.bytes += up.write(sent.read())
            began = time.process_time()
            done = _step(self.server)
            self.seconds += time.process_time() - began
            self.bytes += received.write(self.down.read())


def _step(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def connection_us(_: object, handshakes: int) -> Sample:
    """Return what a full handshake costs the server, in µs."""
    contexts = Contexts()
    return Sample(sum(Handshake(contexts).seconds for _ in range(handshakes)) / handshakes * 1e6)


def connection_bytes(_: object) -> Sample:
    """Return the bytes of a full handshake, both ways."""
    return Sample(float(Handshake(Contexts()).bytes))


def push_bytes(_: object) -> Sample:
    """Return the bytes that are added to a push."""
    handshake = Handshake(Contexts())
    handshake.server.write(FRAME)
    return Sample(float(len(handshake.down.read()) - len(FRAME)))


def push_row(settings: Settings) -> Measured:
    """Measure a push over TLS, beside one in the clear."""
    pushes = settings.of(PUSHES)
    contenders = [
        Contender("over TLS", no_server, lambda _: push_us(tls_pair, pushes)),
        Contender("in the clear", no_server, lambda _: push_us(clear_pair, pushes)),
    ]
    meaning = "What encryption adds to each frame or event that is sent."
    return measure(
        Row("tls-push", "A push: CPU to send it", meaning, "µs"), contenders, settings.rounds
    )


def row(
    name: str, title: str, unit: str, cost: Callable[[Any], Sample], settings: Settings
) -> Measured:
    """Measure what TLS alone costs."""
    meaning = "Once for each connection." if "connection" in name else "Once for each push."
    contender = Contender("over TLS", no_server, cost)
    return measure(Row(name, title, meaning, unit), [contender], settings.rounds)


TLS_ROWS: dict[str, Callable[[Settings], Measured]] = {
    "tls-push": push_row,
    "tls-push-bytes": partial(
        row, "tls-push-bytes", "A push: bytes that TLS adds", "B", push_bytes
    ),
    "tls-connection": partial(
        row,
        "tls-connection",
        "A TLS handshake: the server’s CPU",
        "µs",
        partial(connection_us, handshakes=HANDSHAKES),
    ),
    "tls-connection-bytes": partial(
        row, "tls-connection-bytes", "A TLS handshake: bytes both ways", "B", connection_bytes
    ),
}
