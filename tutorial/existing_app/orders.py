"""Orders: the shop's own database.

Open one for each request and close it after: SQLite files are opened in a fraction of a millisecond, and a
connection belongs to the thread that made it.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from tutorial.existing_app import outbox

BUSY_SECONDS = 5.0  # how long one writer waits for another
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, item TEXT NOT NULL, shipped_at REAL
)
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer wants. `shipped_at` is in seconds since 1970; None: it is still in the warehouse."""

    id: int
    customer: str
    item: str
    shipped_at: float | None


class Orders:
    """The orders in one SQLite file."""

    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file, timeout=BUSY_SECONDS)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(SCHEMA)
        self._database.execute(outbox.SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def place(self, customer: str, item: str) -> int:
        """Keep a new order, and give its number."""
        with self._database:
            cursor = self._database.execute(
                "INSERT INTO orders (customer, item) VALUES (?, ?)", (customer, item)
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def ship(self, id: int) -> bool:
        """Mark an order as shipped and write down the note for its customer: both, or neither.

        Returns whether this call did it: a second click on “Ship” does nothing.
        """
        with self._database:  # one transaction
            shipped = self._database.execute(
                "UPDATE orders SET shipped_at = ? WHERE id = ? AND shipped_at IS NULL"
                " RETURNING customer, item",
                (time.time(), id),
            ).fetchone()
            if shipped is None:
                return False
            customer, item = shipped
            text = f"Order {id}, your {item}, is on its way"
            note = outbox.Note(f"user-{customer}", "shop", text, f"order-{id}-shipped")
            outbox.put(self._database, note)
        return True

    def of(self, customer: str) -> list[Order]:
        """Return a customer's orders, newest first."""
        return self._select("WHERE customer = ? ORDER BY id DESC", customer)

    def in_warehouse(self) -> list[Order]:
        """Return the orders that are not shipped yet, oldest first."""
        return self._select("WHERE shipped_at IS NULL ORDER BY id")

    def _select(self, which: str, *values: str) -> list[Order]:
        rows = self._database.execute(
            f"SELECT id, customer, item, shipped_at FROM orders {which}", values
        )
        return [Order(*row) for row in rows]
