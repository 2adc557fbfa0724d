"""Outbox: the notes that are still to be sent, in the same database as the orders that they are about.

A shop that first commits and then sends can crash in between, and no note is sent; one that first sends can crash
before it commits, and announces what never happened. Therefore it doesn't send at all: it writes a note, in the
transaction of the order, and another process passes the note on (see `relay`). This file could join any
application that has a database.
"""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, room TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE, refused TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A message for a room. The same `key` is posted once, however often it is passed on."""

    room: str
    author: str
    text: str
    key: str


def put(database: sqlite3.Connection, note: Note) -> None:
    """Add a note to the transaction that is open: it will be passed on if, and only if, that commits."""
    database.execute(
        "INSERT INTO outbox (room, author, text, key) VALUES (?, ?, ?, ?)", astuple(note)
    )


class Outbox:
    """The notes of one database, for the process that passes them on."""

    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file)
        self._database.execute(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def waiting(self, most: int = 100) -> list[Note]:
        """Return the notes that still wait, oldest first."""
        rows = self._database.execute(
            "SELECT room, author, text, key FROM outbox WHERE refused IS NULL ORDER BY id LIMIT ?",
            (most,),
        )
        return [Note(*row) for row in rows]

    def forget(self, note: Note) -> None:
        """Delete a note that the queue or the chat has accepted."""
        with self._database:
            self._database.execute("DELETE FROM outbox WHERE key = ?", (note.key,))

    def refuse(self, note: Note, why: str) -> None:
        """Set aside a note that nobody will ever take, for a person to look at."""
        with self._database:
            self._database.execute("UPDATE outbox SET refused = ? WHERE key = ?", (why, note.key))
