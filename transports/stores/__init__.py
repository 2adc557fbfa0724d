"""Where the logs are kept: one module a kind of store, and the words by which one is chosen."""

from __future__ import annotations

from transports.room import Store, Unavailable
from transports.stores.memory import MemoryStore
from transports.stores.sqlite import SQLiteStore

KEYS_REMEMBERED = 1000  # messages whose idempotency keys are known, even where `history` is less


def make_store(where: str, history: int) -> Store:
    """Make the store that `memory` or `sqlite:FILE` names; open it before use.

    Raises: Unavailable, when there is no such kind.
    """
    kind, _, place = where.partition(":")
    kept = max(history, KEYS_REMEMBERED)
    if where == "memory":
        return MemoryStore(history, kept)
    if kind == "sqlite" and place:
        return SQLiteStore(place, history, kept)
    raise Unavailable(f"“{where}” names no store: say memory or sqlite:FILE")
