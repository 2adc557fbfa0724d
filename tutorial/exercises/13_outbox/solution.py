"""Notify once, although the worker dies.

`with database` is one transaction: the order and its note are both there, or neither is. `relay`
publishes first and strikes out then, so that a crash in between repeats a note and loses none; and
because the key is made from what happened, and not anew, the repetition is recognised. `ship` itself
notifies nobody: it has nothing to do with the queue any more.
"""

import sqlite3
from collections.abc import Callable

SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, shipped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
"""

Publish = Callable[[str, str], None]


def ship(database: sqlite3.Connection, order: int, publish: Publish) -> None:
    """Mark the order as shipped, and note the message for its customer."""
    with database:
        database.execute("UPDATE orders SET shipped = 1 WHERE id = ?", (order,))
        note = (f"order-{order}-shipped", f"order {order} is on its way")
        database.execute("INSERT INTO outbox (key, text) VALUES (?, ?)", note)


def relay(database: sqlite3.Connection, publish: Publish) -> None:
    """Pass on what waits, oldest first; when the queue is away, it goes on waiting."""
    for key, text in database.execute("SELECT key, text FROM outbox ORDER BY id").fetchall():
        publish(key, text)
        with database:
            database.execute("DELETE FROM outbox WHERE key = ?", (key,))


if __name__ == "__main__":
    shop = sqlite3.connect(":memory:")
    shop.executescript(SCHEMA)
    shop.execute("INSERT INTO orders (id) VALUES (1), (2), (3)")
    for number in (1, 2, 3):
        ship(shop, number, print)
    relay(shop, print)
