"""Frames: a batch as a WebSocket frame, and what a client's frame says.

A batch's frame is made once for all its readers, past Tornado's writer, which would encode it for each. It stands apart
from the transport because it knows only bytes: no room, no connection.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from transports.refusals import Refused, TooMany, problem
from transports.wire import (
    BODY_BYTES,
    Batch,
    Draft,
    Malformed,
    Unacceptable,
    parse_object,
    to_json,
)


@lru_cache(maxsize=16)
def text_frame(batch: Batch) -> bytes:
    """Put a batch into one unmasked, unfragmented text frame (RFC 6455 §5.2).

    Remembered, because a room gives the same batch to each of its readers.
    """
    payload = batch.json
    if len(payload) < 126:
        return struct.pack("!BB", 0x81, len(payload)) + payload
    if len(payload) < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, len(payload)) + payload
    return struct.pack("!BBQ", 0x81, 127, len(payload)) + payload


def parse_send(frame: str | bytes) -> Draft:
    """Read `{"type": "send", "author", "text", "key"}`. Raises: Refused, Malformed, Unacceptable."""
    if len(frame.encode() if isinstance(frame, str) else frame) > BODY_BYTES:
        raise Refused(413, f"a frame may have {BODY_BYTES} bytes")
    fields = parse_object(frame)
    if fields.get("type") != "send":
        raise Unacceptable("“type” must be “send”")
    return Draft.of(fields)


def key_of(frame: str | bytes) -> str | None:
    """Return the idempotency key of a frame that was refused, so that its sender knows which."""
    try:
        key = parse_object(frame).get("key")
    except Malformed:
        return None
    return key if isinstance(key, str) else None


def error_json(refusal: Refused, key: str | None) -> bytes:
    """Return the `error` that answers a frame: a problem detail, and whose it is."""
    error = problem(refusal.status, str(refusal)) | {"type": "error"}
    if key is not None:
        error["key"] = key
    if isinstance(refusal, TooMany):
        error["retry_after"] = refusal.retry_after
    return to_json(error)
