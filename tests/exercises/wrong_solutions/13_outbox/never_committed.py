"""`database.execute` begins a transaction, and nothing ends it.

Told: nothing was committed
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
    database.execute("UPDATE orders SET shipped = 1 WHERE id = ?", (order,))
    note = (f"order-{order}-shipped", f"order {order} is on its way")
    database.execute("INSERT INTO outbox (key, text) VALUES (?, ?)", note)


def relay(database: sqlite3.Connection, publish: Publish) -> None:
    """Pass on what waits, oldest first; when the queue is away, it goes on waiting."""
    for key, text in database.execute("SELECT key, text FROM outbox ORDER BY id").fetchall():
        publish(key, text)
        if key:
            database.execute("DELETE FROM outbox WHERE key = ?", (key,))
