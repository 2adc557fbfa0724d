"""Frames: a batch as a WebSocket frame, and what a client's frame says.

A batch's frame is made once for all its readers, past Tornado's writer, which would encode it for each. It stands apart
from the transport because it knows neither rooms nor the chat.
"""

from __future__ import annotations

import json
import re
import struct
from contextlib import suppress
from functools import lru_cache

from transports.refusals import Refused, TooMany, problem
from transports.wire import BODY_BYTES, Batch, Draft, Unacceptable, parse_object, to_json

_TOKEN = re.compile(r'"(?:[^"\\\\]|\\\\.)*"|[][{}:]')

# Strings, and what stands between them.
_PARTS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^"]+', re.DOTALL)


@lru_cache(maxsize=16)
def batch_frame(batch: Batch) -> bytes:
    """Put a batch into a frame; remembered, because a room gives the same batch to each of its readers."""
    return text_frame(batch.json)


def text_frame(payload: bytes) -> bytes:
    """Put UTF-8 text into one unmasked, unfragmented text frame (RFC 6455 §5.2)."""
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
    """Return the idempotency key of a frame that was refused, whatever else is wrong with it.

    The frame may be too long, cut off, nest too deep or be no JSON at all: only strings and brackets are looked at.
    """
    text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
    depth, before, key = 0, ("", ""), None
    for part in _PARTS.findall(text):
        if not part.startswith('"'):
            depth += sum(map(part.count, "{[")) - sum(map(part.count, "}]"))
        elif depth == 1 and before == ('"key"', ":"):
            key = _string(part)
        before = (before[1], part.strip())
    return key


def _string(json_string: str) -> str | None:
    """Return what a JSON string says; None where it can't be said in UTF-8."""
    with suppress(ValueError):
        value = json.loads(json_string, strict=False)
        return str(value) if value.encode() else None
    return None


def error_json(refusal: Refused, key: str | None) -> bytes:
    """Return the `error` that answers a frame: a problem detail, and whose it is."""
    error = problem(refusal.status, str(refusal)) | {"type": "error"}
    if key is not None:
        error["key"] = key
    if isinstance(refusal, TooMany):
        error["retry_after"] = refusal.retry_after
    return to_json(error)
