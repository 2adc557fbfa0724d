"""Batch: what a server says about a room, as the load tests read it; and what a server's `Retry-After` asks for."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

LONGEST_WAIT_SECONDS = 3600.0  # what asks for more is taken for a mistake


class NotABatch(ValueError):
    """What came is no batch of the contract; without its text, since Locust counts equal texts."""


@lru_cache(maxsize=64)
def parse_batch(body: bytes | str) -> dict[str, Any]:
    """Return a batch. Raises: NotABatch.

    Remembered: the server sends the same bytes to every reader at the same cursor.
    """
    try:
        batch: dict[str, Any] = json.loads(body)
        if isinstance(batch["messages"], list) and isinstance(batch["cursor"], str):
            batch["gap"], batch["more"]
            for message in batch["messages"]:
                message["text"].encode(), int(message["id"]), float(message["sent_at"])
            return batch
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotABatch("what came is no batch") from error
    raise NotABatch("what came is no batch")


def retry_after_seconds(value: str) -> float:
    """Return the seconds that a `Retry-After` asks for, a number or a date (RFC 9110 §10.2.3).

    0 when it is neither; LONGEST_WAIT_SECONDS at most.
    """
    if value.isdecimal():
        return min(float(value), LONGEST_WAIT_SECONDS)
    try:
        wait = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, wait), LONGEST_WAIT_SECONDS)
