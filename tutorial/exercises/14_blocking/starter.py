"""Find the call that blocks, and free the loop.

This server answers the time at `/now`, takes sales at `POST /sales`, and counts at `/pairs` the pairs
of sales that make a round sum. The last takes a while, and it may. But meanwhile `/now`
doesn't answer either, and no held request would be released: one call in this file blocks the event
loop.

1. **Find it**: asyncio says where, when asked. `PYTHONASYNCIODEBUG=1` makes it log each step of the
   loop that took longer than 100 ms.
2. **Free the loop**: let that call run somewhere else, and `await` it.
3. Change no answer: after another sale, `/pairs` counts it.
4. Give each thread a connection of its own. With `check_same_thread=False` two threads can share
   one, but they take turns on it, and a sale would wait for the count.

While two requests count, `/now` and `POST /sales` must be answered: neither may wait for a count. To try it,
start it in one terminal:

    PYTHONASYNCIODEBUG=1 python .learner/14_blocking.py 8114

and ask twice in another:

    curl http://127.0.0.1:8114/pairs & curl -w ' %{time_total} s' http://127.0.0.1:8114/now
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
    database.execute("PRAGMA journal_mode = WAL")  # a count does not keep a sale waiting
    database.execute("CREATE TABLE sales (amount INTEGER)")
    amounts = [(number * 7 % 999,) for number in range(SALES)]
    database.executemany("INSERT INTO sales VALUES (?)", amounts)


def count_pairs() -> int:
    """Count the pairs of sales that make 1000 together."""
    return int(database.execute(PAIRS).fetchone()[0])


class Pairs(RequestHandler):
    """Answers how many pairs there are."""

    async def get(self) -> None:
        """Count, and answer."""
        self.write({"pairs": await self.counted()})

    async def counted(self) -> int:
        """Count the pairs, asynchronously."""
        await asyncio.sleep(0)
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
