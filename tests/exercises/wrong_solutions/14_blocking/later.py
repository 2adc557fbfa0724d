"""It lets the others run before the call, which then blocks all the same.

Told: for half of that time
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time

from tornado.web import Application, RequestHandler

FOLDER = tempfile.TemporaryDirectory()
FILE = f"{FOLDER.name}/sales.db"
PAIRS = "SELECT count(*) FROM sales AS a, sales AS b WHERE a.amount + b.amount = 1000"
SALES = 1500

database = sqlite3.connect(FILE)
with database:
    database.execute("PRAGMA synchronous = OFF")
    database.execute("CREATE TABLE sales (amount INTEGER)")
    amounts = [(number * 7 % 999,) for number in range(SALES)]
    database.executemany("INSERT INTO sales VALUES (?)", amounts)


def count_pairs() -> int:
    """Count the pairs of sales that make 1000 together."""
    return int(database.execute(PAIRS).fetchone()[0])


class Pairs(RequestHandler):
    """Tells how many pairs there are."""

    async def get(self) -> None:
        """Count, and answer."""
        self.write({"pairs": await self.counted()})

    async def counted(self) -> int:
        """Count the pairs, asynchronously."""
        await asyncio.sleep(0.05)
        return count_pairs()


class Sales(RequestHandler):
    """Takes sales."""

    def post(self) -> None:
        """Keep one."""
        with database:
            amount = int(json.loads(self.request.body)["amount"])
            database.execute("INSERT INTO sales VALUES (?)", (amount,))
        self.write({"amount": amount})


class Now(RequestHandler):
    """Tells the time."""

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
