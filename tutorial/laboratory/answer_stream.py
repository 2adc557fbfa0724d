"""Answer stream: an author who writes token by token, its readers over each transport, and a cut in the middle.

`python -m tutorial.laboratory.answer_stream '{"rate": "50"}'` starts a server, and measures for each transport in turn
how late the first token is, what an answer of SECONDS costs, and what a reader has in the end that was cut off for
AWAY_SECONDS: once from its cursor, and once as a stream that begins anew. It prints a line for each transport.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from statistics import mean
from typing import Any

from loadtests.client.author import Author
from loadtests.client.raw_http import connect, one_answer, request
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Reading, Tally
from loadtests.comparison.server import fresh_server
from loadtests.table import TRANSPORTS
from tutorial.laboratory.readings import add_readers, reading

CHOICES = {"rate": ("50", "20", "100")}  # tokens a second
SECONDS = 4.0  # of an answer
AWAY_SECONDS = 1.0
FIRST_READERS = 10  # whose polls are spread over an interval
SETTLE_SECONDS = 1.2  # an interval, and some
CATCH_UP_SECONDS = 5.0


@dataclass(slots=True)
class Answer:
    """One answer over one transport."""

    port: int
    transport: str
    rate: float

    def row(self) -> dict[str, Any]:
        """Return what was measured of it."""
        return {"transport": self.transport, "first_ms": self._first_token(), **self._cut()}

    def _how(self, room: str, first: str = "now") -> Reading:
        found = reading(self.port, self.transport, f"{room}-{self.transport}")
        members = {name: getattr(found, name) for name in Reading.__slots__}
        return Reading(**{**members, "first": first})

    def _first_token(self) -> float:
        """Return how late the first token is for readers who wait for it, on average, in ms."""
        pool, tally, how = ReaderPool(), Tally(), self._how("first")
        add_readers(pool, how, tally, FIRST_READERS)
        pool.serve(SETTLE_SECONDS)
        with Author(self.port, f"first-{self.transport}") as author:
            author.post(time.time())
            pool.serve_until(lambda: len(tally.delays_ms) == FIRST_READERS, CATCH_UP_SECONDS)
        pool.close()
        return mean(tally.delays_ms)

    def _cut(self) -> dict[str, float]:
        """Stream an answer, cut its reader off in the middle, and let it come back in two ways."""
        away = round(self.rate * AWAY_SECONDS)
        half = (round(self.rate * SECONDS) - away) // 2
        epoch = _newest(self.port, f"cut-{self.transport}").partition(":")[0]
        with Author(self.port, f"cut-{self.transport}") as author:
            costs = self._before(author, half)
            author.publish(self._beats(away), time.sleep)  # nobody reads: the author goes on
            return costs | self._after(author, f"{epoch}:{half}", away, half)

    def _before(self, author: Author, half: int) -> dict[str, float]:
        """Read the first half, and hang up; return what a token cost."""
        pool, tally = ReaderPool(), Tally()
        pool.add(self._how("cut"), tally)
        pool.serve(SETTLE_SECONDS)
        asked, carried = tally.requests, tally.wire_bytes
        author.publish(self._beats(half), pool.serve)
        pool.serve_until(lambda: len(tally.delays_ms) == half, CATCH_UP_SECONDS)
        pool.close()
        return {
            "requests_a_token": (tally.requests - asked) / half,
            "bytes_a_token": (tally.wire_bytes - carried) / half,
        }

    def _after(self, author: Author, cursor: str, away: int, half: int) -> dict[str, float]:
        """Come back, from a cursor and without one; return what each has missed in the end."""
        pool, resumed, plain, began = ReaderPool(), Tally(), Tally(), time.monotonic()
        pool.add(self._how("cut", cursor), resumed)
        pool.serve_until(lambda: len(resumed.delays_ms) >= away, CATCH_UP_SECONDS)
        caught_up = time.monotonic() - began
        pool.add(self._how("cut"), plain)
        pool.serve(SETTLE_SECONDS)
        author.publish(self._beats(half), pool.serve)
        pool.serve_until(
            lambda: min(len(resumed.delays_ms) - away, len(plain.delays_ms)) >= half,
            CATCH_UP_SECONDS,
        )
        pool.close()
        return {
            "tokens": half + away + half,
            "lost_cursor": away + half - len(resumed.delays_ms),
            "lost_plain": away + half - len(plain.delays_ms),
            "caught_up_ms": 1000 * caught_up,
        }

    def _beats(self, count: int) -> list[float]:
        """Return when tokens are due: a model writes them at an even pace."""
        return [number / self.rate for number in range(count)]


def _newest(port: int, room: str) -> str:
    """Return the cursor of a room."""
    with connect(port) as connection:
        connection.sendall(request("GET", f"/rooms/{room}/short-polling?cursor=now", port))
        cursor: str = json.loads(one_answer(connection).partition(b"\r\n\r\n")[2])["cursor"]
    return cursor


def main(rate: float) -> None:
    """Print a line for each transport, and a last one with `end`."""
    with fresh_server() as server:
        for transport in TRANSPORTS:
            print(json.dumps(Answer(server.port, transport, rate).row()), flush=True)
    print(json.dumps({"end": True}), flush=True)


if __name__ == "__main__":
    main(float(json.loads(sys.argv[1])["rate"]))
