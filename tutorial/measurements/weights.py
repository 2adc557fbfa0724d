"""Weights: what requests, handshakes, frames and silence weigh in bytes, with a browser's headers."""

from __future__ import annotations

import json
import socket

from loadtests.client.author import Author
from loadtests.client.raw_http import connect, one_answer, one_frame, request, upgrade
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Tally
from loadtests.table import TRANSPORTS
from transports.server_sent_events import piece
from tutorial.laboratory.readings import add_readers, reading
from tutorial.measurements.names import Values, word

SETTLE_SECONDS = 2


def poll(port: int) -> Values:
    """What an empty poll, a handshake and a delivery weigh, with a browser's headers."""
    with connect(port) as polling:
        cursor = json.loads(_ask(polling, port, "/rooms/poll/short-polling")[1])["cursor"]
        path = f"/rooms/poll/short-polling?cursor={cursor}"
        head, empty = _ask(polling, port, path)
        asked = len(request("GET", path, port))
    handshake, frame_head, batch = _push(port)
    overhead = asked + len(head)
    return {
        "request_bytes": asked,
        "head_bytes": len(head),
        "batch_bytes": len(empty),
        "total_bytes": overhead + len(empty),
        "overhead_bytes": overhead,
        "handshake_bytes": handshake,
        "frame_head_bytes": frame_head,
        "delivery_bytes": len(batch),
        "event_overhead_bytes": event_overhead(batch),
        "ratio": overhead / frame_head,
        "ratio_with_payload": (overhead + len(batch)) / (frame_head + len(batch)),
    }


def _push(port: int) -> tuple[int, int, bytes]:
    """Return how many bytes a handshake and a frame's header are, and the batch in that frame."""
    connection, handshake = upgrade(port, "/rooms/poll/websocket?cursor=now", browser=True)
    with connection:
        one_frame(connection)
        with Author(port, "poll", characters=32) as author:
            author.post(0.0)
        return handshake, *one_frame(connection)


def _ask(connection: socket.socket, port: int, path: str) -> tuple[bytes, bytes]:
    """Ask once; return the answer's head, with its end, and its body."""
    connection.sendall(request("GET", path, port))
    head, end, body = one_answer(connection).partition(b"\r\n\r\n")
    return head + end, body


def event_overhead(batch: bytes) -> int:
    """Return the bytes that a server-sent event, in its chunk, adds to its batch."""
    cursor: str = json.loads(batch)["cursor"]
    event = b"event: batch\ndata: %b\nid: %b\n\n" % (batch, cursor.encode())
    return len(piece(event, chunked=True)) - len(batch)


def silence(port: int) -> Values:
    """What a minute without messages costs one reader over each transport."""
    pool = ReaderPool()
    tallies = {transport: Tally() for transport in TRANSPORTS}
    for (
        transport,
        tally,
    ) in tallies.items():  # in the room of `poll`, whose requests are then as long
        add_readers(pool, reading(port, transport, "poll"), tally, 1)
    pool.serve(SETTLE_SECONDS)
    before = {name: (tally.requests, tally.wire_bytes) for name, tally in tallies.items()}
    pool.serve(60)
    values: Values = {}
    for transport, tally in tallies.items():
        requests, wire_bytes = before[transport]
        values[f"{word(transport)}_bytes_a_minute"] = tally.wire_bytes - wire_bytes
        values[f"{word(transport)}_requests_a_minute"] = tally.requests - requests
    pool.close()
    return values
