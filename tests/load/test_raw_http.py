"""Raw HTTP: what comes in one piece with a handshake’s answer is read after it, and what ends early is an error."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loadtests.client.raw_http import PING, one_answer, one_frame, upgrade
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, Reading, Tally
from loadtests.client.timestamped_text import timestamped

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
HELLO = b"\x81\x05hello"
ENDS_EARLY = [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"]
DUE_SECONDS = 1_700_000_000.0
FRAME = timestamped(DUE_SECONDS).encode()


@contextmanager
def server_that_sends(*pieces: bytes) -> Iterator[int]:
    """Answer the first request with these pieces, each once the one before was acknowledged, and hang up."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(1 << 16)
            for piece in pieces:
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=answer)
        answering.start()
        yield listener.getsockname()[1]
        answering.join()


@pytest.mark.parametrize("cut", [0, 1, len(SWITCHED) - 2, len(SWITCHED), len(SWITCHED) + 1])
def test_a_frame_that_comes_with_the_handshakes_answer_is_not_lost(cut: int) -> None:
    everything = SWITCHED + HELLO
    with server_that_sends(everything[:cut], everything[cut:]) as port:
        connection, handshake_bytes = upgrade(port, "/")
        with connection:
            assert one_frame(connection) == (2, b"hello")
            with pytest.raises(ConnectionResetError):
                one_frame(connection)
    assert len(SWITCHED) < handshake_bytes < len(SWITCHED) + 300


def test_a_reader_counts_what_came_with_its_handshakes_answer() -> None:
    frame = b"\x81\x7e" + struct.pack("!H", len(FRAME)) + FRAME
    pool, tally = ReaderPool(), Tally()
    with server_that_sends(SWITCHED + frame) as port:
        pool.add(Reading(port, "/", Asks.ONCE, upgrades=True), tally)
        handshake_bytes = tally.wire_bytes
        assert pool.serve_until(lambda: tally.due == [DUE_SECONDS], 30)
    assert tally.wire_bytes == handshake_bytes + len(frame)
    pool.close()


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_frame_is_read_whole_and_a_ping_before_it_passed_over(size: int) -> None:
    payload = b"x" * size
    marks = {0: bytes([size & 0x7F]), 1: b"\x7e" + struct.pack("!H", size & 0xFFFF)}
    length = marks.get((size > 125) + (size > 65535), b"\x7f" + struct.pack("!Q", size))
    with server_that_sends(SWITCHED + PING + b"\x81" + length + payload) as port:
        connection, _ = upgrade(port, "/")
        with connection:
            assert one_frame(connection) == (1 + len(length), payload)


@pytest.mark.parametrize("part", ENDS_EARLY)
def test_an_answer_that_ends_early_is_an_error_and_no_endless_loop(part: bytes) -> None:
    with (
        server_that_sends(part) as port,
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            one_answer(connection)
    with server_that_sends(part) as port, pytest.raises(ConnectionResetError):
        upgrade(port, "/")
