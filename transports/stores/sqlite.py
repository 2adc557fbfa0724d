"""SQLiteStore: logs in one file, which outlive the process.

Every statement runs on the store's own thread, never on the event loop. Drafts that arrive while a commit is
under way wait together (see `GroupCommit`), so that fifty writers cost one fsync and not fifty. What
is acknowledged has been committed; the epoch lies in the file, so a cursor is still good after a restart.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import TypeVar

from transports.store import LONGEST_TEXT, Appended, OnAppend, OnReset, Store, Unavailable
from transports.stores.group_commit import GroupCommit, Waiting
from transports.wire import Draft, Message

T = TypeVar("T")

APPLICATION_ID = 0x48544C31  # "HTL1" in the file's header: this database is a chat's
SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE life (epoch TEXT NOT NULL);
CREATE TABLE messages (
    room TEXT NOT NULL, id INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
    sent_at REAL NOT NULL, key TEXT, PRIMARY KEY (room, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX by_key ON messages (room, key) WHERE key IS NOT NULL;
"""


class SQLiteStore(Store):
    """Keeps the newest `kept` messages of each room in `file`, and gives the newest `history` of them."""

    def __init__(self, file: str, history: int, kept: int) -> None:
        self._file = file
        self._history = history
        self._kept = kept
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._group = GroupCommit(self._write)
        self._checking: asyncio.Future[None] | None = None

    async def open(self, on_append: OnAppend, on_reset: OnReset) -> None:
        self._on_append = on_append
        try:
            self.epoch = await self._in_thread(self._open)
        except sqlite3.Error as error:
            raise Unavailable(f"the store {self._file} can’t be used: {_why(error)}") from error

    async def tail(self, room: str) -> list[Message]:
        return await self._run(self._tail, room)

    async def append(self, room: str, draft: Draft) -> Appended:
        return await self._group.append(room, draft)

    async def check(self) -> None:
        if self._checking is None or self._checking.done():  # one at a time, however many ask
            self._checking = asyncio.ensure_future(self._run(self._probe))
        await asyncio.shield(self._checking)

    async def close(self) -> None:
        await self._group.finish()
        self._thread.submit(self._close)
        self._thread.shutdown()

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Run `work` on the store's thread. Raises: Unavailable, in words that may go to a client."""
        try:
            return await self._in_thread(work, *arguments)
        except sqlite3.Error as error:
            raise Unavailable(f"the store can’t be used: {_why(error)}") from error

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def _write(self, together: list[Waiting]) -> list[Appended]:
        outcome = await self._run(self._commit, together)
        return [self._announce(w.room, stored) for w, stored in zip(together, outcome, strict=True)]

    def _announce(self, room: str, stored: Message | Appended) -> Appended:
        if isinstance(stored, Appended):
            return stored
        self._on_append(room, stored)
        return Appended(stored.id, duplicate=False)

    # From here on: only on the store's thread.

    def _open(self) -> str:
        self._db = db = sqlite3.connect(self._file, isolation_level=None, timeout=1)
        # One process, one file: another would not be notified of our messages, nor we of its.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._check_own_file()
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN EXCLUSIVE")
        if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO life VALUES (?)", (token_hex(4),))
        db.execute("COMMIT")
        epoch: str = db.execute("SELECT epoch FROM life").fetchone()[0]
        return epoch

    def _check_own_file(self) -> None:
        tables = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if tables and self._db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise sqlite3.DatabaseError("it is the database of another program")

    def _tail(self, room: str) -> list[Message]:
        rows = self._db.execute(
            "SELECT id, author, text, sent_at, key FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?",
            (room, self._history),
        )
        return [Message(*row) for row in rows][::-1]

    def _commit(self, together: list[Waiting]) -> list[Message | Appended]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            outcome = [self._insert(waiting) for waiting in together]
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk may have rolled back by itself
                self._db.execute("ROLLBACK")
            raise
        return outcome

    def _insert(self, waiting: Waiting) -> Message | Appended:
        room, draft = waiting.room, waiting.draft
        if draft.key is not None:
            known = self._db.execute(
                "SELECT id FROM messages WHERE room = ? AND key = ?", (room, draft.key)
            ).fetchone()
            if known:
                return Appended(known[0], duplicate=True)
        newest = self._db.execute("SELECT max(id) FROM messages WHERE room = ?", (room,))
        id = (newest.fetchone()[0] or 0) + 1
        message = Message(id, draft.author, draft.text, waiting.sent_at, draft.key)
        self._db.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)",
            (room, message.id, draft.author, draft.text, message.sent_at, draft.key),
        )
        self._db.execute(
            "DELETE FROM messages WHERE room = ? AND id <= ?", (room, message.id - self._kept)
        )
        return message

    def _probe(self) -> None:
        """Keep the longest of messages in a room that nobody can name, and delete it again."""
        self._db.execute(
            "INSERT OR REPLACE INTO messages VALUES ('', 1, '', ?, 0, NULL)", (LONGEST_TEXT,)
        )
        self._db.execute("DELETE FROM messages WHERE room = ''")

    def _close(self) -> None:
        self._db.close()


def _why(error: sqlite3.Error) -> str:
    """Return what is wrong, without the file's name."""
    return "another process uses it" if str(error) == "database is locked" else str(error)
