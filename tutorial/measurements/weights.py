"""Weights: what requests, handshakes, frames and silence weigh in bytes, with a browser's headers."""

from __future__ import annotations

import json

from transports.server_sent_events import piece
from tutorial.laboratory.disposable_server import PUBLISH_KEY
from tutorial.laboratory.pool_connection import BROWSER_HEADERS, Connection
from tutorial.laboratory.reader_pool import TRANSPORTS, Crowd, Reader
from tutorial.measurements.names import Values, word

SILENT_SECONDS = 20


async def poll(port: int) -> Values:
    """What an empty poll, a handshake and a delivery weigh, with a browser's headers."""
    polling, opened = await Connection.open(port), await Connection.open(port)
    cursor = json.loads(await polling.ask("/rooms/poll/short-polling"))["cursor"]
    path = f"/rooms/poll/short-polling?cursor={cursor}"
    before = polling.carried
    empty = len(await polling.ask(path))
    total = polling.carried - before
    request = len(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{BROWSER_HEADERS}\r\n")
    await opened.upgrade("/rooms/poll/websocket?cursor=now")
    handshake = opened.carried
    await opened.frame()
    before = opened.carried
    await polling.publish("poll", "hello", PUBLISH_KEY)
    batch = await opened.frame()
    frame_head = opened.carried - before - len(batch)
    polling.close()
    opened.close()
    return {
        "request_bytes": request,
        "head_bytes": total - request - empty,
        "batch_bytes": empty,
        "total_bytes": total,
        "overhead_bytes": total - empty,
        "handshake_bytes": handshake,
        "frame_head_bytes": frame_head,
        "delivery_bytes": len(batch),
        "event_overhead_bytes": event_overhead(batch),
        "ratio": (total - empty) / frame_head,
        "ratio_with_payload": (total - empty + len(batch)) / (frame_head + len(batch)),
    }


def event_overhead(batch: bytes) -> int:
    """Return the bytes that a server-sent event, in its chunk, adds to the batch that it tells."""
    cursor: str = json.loads(batch)["cursor"]
    event = b"event: batch\nid: %b\ndata: %b\n\n" % (cursor.encode(), batch)
    return len(piece(event, chunked=True)) - len(batch)


async def silence(port: int) -> Values:
    """What a minute in which nobody speaks costs one reader, polling once a second, or waiting."""
    values: Values = {}
    for transport, reading in TRANSPORTS.items():
        crowd = await Crowd.meet(port, [Reader("silence", 1.0, 0.1)])
        await crowd.begin(reading)
        await crowd.read_on(2)
        asked, carried = crowd.requests, crowd.carried
        await crowd.read_on(SILENT_SECONDS)
        minutes = SILENT_SECONDS / 60
        values[f"{word(transport)}_bytes_a_minute"] = (crowd.carried - carried) / minutes
        values[f"{word(transport)}_requests_a_minute"] = (crowd.requests - asked) / minutes
        await crowd.end()
    return values
