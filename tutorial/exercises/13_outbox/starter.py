"""Notify once, although the worker dies.

This worker of a shop marks an order as shipped, and then puts the news for its customer on a queue.
A process can be killed between any two steps. Killed here after `commit`, it has shipped an order
whose customer is never notified. When the queue is away, the same happens.

Make it exact. Whenever the worker is killed, and started again, the queue's reader has a note of
each shipped order once, and of no other:

1. write a **note** for the customer into a table of its own, an *outbox*, in the transaction
   that ships the order: both are there, or neither is;
2. let `relay` pass on what is in the outbox, and delete what the queue has;
3. it may be killed between these two, and then passes the same note on again. So each note needs a
   key that it keeps: of two notes with the same key, the queue's reader drops the second.

The worker's process calls `relay` when it starts, then `ship` for each order that waits, then
`relay` again and again. `publish(key, text)` puts a note on the queue; it raises `ConnectionError`
while the queue is away. Try it:

    python .learner/13_outbox.py
"""

import sqlite3
from collections.abc import Callable
from uuid import uuid4

SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, shipped INTEGER NOT NULL DEFAULT 0);
"""

Publish = Callable[[str, str], None]


def ship(database: sqlite3.Connection, order: int, publish: Publish) -> None:
    """Mark the order as shipped, and notify its customer."""
    database.execute("UPDATE orders SET shipped = 1 WHERE id = ?", (order,))
    database.commit()
    publish(str(uuid4()), f"order {order} is on its way")


def relay(database: sqlite3.Connection, publish: Publish) -> None:
    """Pass on what waits."""


if __name__ == "__main__":
    shop = sqlite3.connect(":memory:")
    shop.executescript(SCHEMA)
    shop.execute("INSERT INTO orders (id) VALUES (1), (2), (3)")
    for number in (1, 2, 3):
        ship(shop, number, print)
    relay(shop, print)
