"""Find the call that blocks, and free the loop.

`count_pairs` came back only when SQLite had counted, and a coroutine that calls it waits there with
the whole loop. In a thread, it keeps nobody: SQLite releases Python's lock while it searches. The
thread opens a connection of its own, which costs a fraction of a millisecond.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing

from tornado.web import Application, RequestHandler

FOLDER = tempfile.TemporaryDirectory()
FILE = f"{FOLDER.name}/sales.db"
PAIRS = "SELECT count(*) FROM sales AS a, sales AS b WHERE a.amount + b.amount = 1000"
SALES = 1500

database = sqlite3.connect(FILE)
with database:
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA journal_mode = WAL")  # a count does not keep a sale waiting
    database.execute("CREATE TABLE sales (amount INTEGER)")
    amounts = [(number * 7 % 999,) for number in range(SALES)]
    database.executemany("INSERT INTO sales VALUES (?)", amounts)


def count_pairs() -> int:
    """Count the pairs of sales that make 1000 together."""
    with closing(sqlite3.connect(FILE)) as own:
        return int(own.execute(PAIRS).fetchone()[0])


class Pairs(RequestHandler):
    """Answers how many pairs there are."""

    async def get(self) -> None:
        """Count, and answer."""
        self.write({"pairs": await self.counted()})

    async def counted(self) -> int:
        """Count the pairs, asynchronously."""
        return await asyncio.to_thread(count_pairs)


class Sales(RequestHandler):
    """Takes sales."""

    def post(self) -> None:
        """Keep one."""
        with database:
            amount = int(json.loads(self.request.body)["amount"])
            database.execute("INSERT INTO sales VALUES (?)", (amount,))
        self.write({"amount": amount})


class Now(RequestHandler):
    """Answers the time."""

    def get(self) -> None:
        """Answer at once."""
        self.write({"now": time.time()})


async def main(port: int) -> None:
    """Serve until the program is ended."""
    Application([("/pairs", Pairs), ("/sales", Sales), ("/now", Now)]).listen(port, "127.0.0.1")
    print(f"listening on http://127.0.0.1:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
