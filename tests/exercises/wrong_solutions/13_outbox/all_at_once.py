"""It passes all notes on and then strikes all out, also those that came when the queue was away.

Told: nobody was ever told
"""

import sqlite3
from collections.abc import Callable

SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, shipped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
"""

Publish = Callable[[str, str], None]


def ship(database: sqlite3.Connection, order: int, publish: Publish) -> None:
    """Mark the order as shipped, and note what its customer is to be told."""
    with database:
        database.execute("UPDATE orders SET shipped = 1 WHERE id = ?", (order,))
        note = (f"order-{order}-shipped", f"order {order} is on its way")
        database.execute("INSERT INTO outbox (key, text) VALUES (?, ?)", note)


def relay(database: sqlite3.Connection, publish: Publish) -> None:
    """Pass on what waits, oldest first; when the queue is away, it goes on waiting."""
    for key, text in database.execute("SELECT key, text FROM outbox ORDER BY id").fetchall():
        try:
            publish(key, text)
        except ConnectionError:
            continue
    with database:
        database.execute("DELETE FROM outbox")
