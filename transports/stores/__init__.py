"""Where the logs are kept: one module a kind of store, and the words by which one is chosen."""

from __future__ import annotations

from transports.store import Store, Unavailable
from transports.stores.memory import MemoryStore
from transports.stores.sqlite import SQLiteStore

KEYS_REMEMBERED = 1000  # messages whose idempotency keys are known, even where `history` is less


def make_store(where: str, history: int) -> Store:
    """Make the store that `memory`, `sqlite:FILE` or `redis://…` names; open it before use.

    Raises: Unavailable, when there is no such kind, or it needs a package that isn't installed.
    """
    kind, _, place = where.partition(":")
    kept = max(history, KEYS_REMEMBERED)
    if where == "memory":
        return MemoryStore(history, kept)
    if kind == "sqlite" and place:
        return SQLiteStore(place, history, kept)
    if kind in ("redis", "rediss"):
        return _make_redis_store(where, history, kept)
    # Not all that was given: it may be a mistyped address with a password in it.
    raise Unavailable(f"“{kind}” names no store: say memory, sqlite:FILE or redis://HOST:PORT/DB")


def _make_redis_store(url: str, history: int, kept: int) -> Store:
    try:
        from transports.stores.redis import RedisStore
    except ModuleNotFoundError as error:
        raise Unavailable("a Redis store needs the package redis: pip install redis") from error
    return RedisStore(url, history, kept)
