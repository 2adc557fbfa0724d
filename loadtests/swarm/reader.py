"""Reader: what the users of all transports share. A reader is a person who has the room open, and writes nothing.

A user calls `delivered(batch)` for each batch that reaches it. From that come Locust's rows of the type DELIVER: how
long after it was *due* a message was here, and a failure for each that was lost, doubled or out of order. And a row
FIRST: how long it took from a reader's coming to its first batch.
"""

from __future__ import annotations

import itertools
import random
import time
from typing import Any, cast
from urllib.parse import quote

import gevent
from locust import FastHttpUser, User
from locust.contrib.fasthttp import ResponseContextManager
from locust.env import Environment

from loadtests.client.batch import NotABatch, parse_batch, retry_after_seconds
from loadtests.client.checker import Checker
from loadtests.client.headers import fetch_headers
from loadtests.client.timestamped_text import due_of

BACK_OFF_SECONDS = 0.5
BACK_OFF_MOST_SECONDS = 30.0
NETWORK_SECONDS = 70.0  # above the longest hold (55 s), or Locust counts a held poll as a failure


class Fault(Exception):
    """A message was not delivered as promised; the text says how. Without an id: Locust counts equal texts."""


class Reader(User):
    """Follows one room from now on. A subclass receives; each receive is one task."""

    abstract = True
    transport = ""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        options = cast(Any, environment.parsed_options)
        self.room: str = options.room
        self.random = random.Random(f"{options.seed} {_place(self)}")
        self.cursor = "now"
        self.checker = Checker()
        self._failures = 0
        self._came = 0.0

    def on_start(self) -> None:
        """Note when this reader came."""
        self._came = time.perf_counter()

    @property
    def caught_up(self) -> bool:
        """True once the reader knows where now is: what comes next, it has to get."""
        return self.cursor != "now"

    def path(self, **query: object) -> str:
        """Return the address to read at, from this reader's cursor on."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"/rooms/{self.room}/{self.transport}?cursor={quote(self.cursor, safe=':')}{more}"

    @property
    def row(self) -> str:
        """The name of this transport's row: without the cursor, or there would be one row a cursor."""
        return f"/rooms/[room]/{self.transport}"

    def delivered(self, batch: dict[str, Any], arrived: float = 0.0) -> None:
        """Take one batch that arrived at this time (seconds since 1970), or just now."""
        arrived = arrived or time.time()
        if not self.caught_up:
            self.report("FIRST", self.transport, (time.perf_counter() - self._came) * 1000)
        self._failures = 0
        self.cursor = batch["cursor"]
        for message in batch["messages"]:
            ms = (arrived - due_of(message)) * 1000
            self.report("DELIVER", self.transport, ms, due=due_of(message))
        for fault in self.checker.take((m["id"] for m in batch["messages"]), batch["gap"]):
            self.report("DELIVER", self.transport, None, Fault(fault))

    def report(
        self,
        kind: str,
        name: str,
        ms: float | None,
        problem: Exception | None = None,
        **context: float,
    ) -> None:
        """Add to one of Locust's rows: a time, or a failure."""
        self.environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=ms,
            response_length=0,
            exception=problem,
            context=context,
        )

    def back_off(self, retry_after: float = 0.0) -> None:
        """Wait before the next try, longer each time, and never in step with others (full jitter)."""
        most = min(BACK_OFF_MOST_SECONDS, BACK_OFF_SECONDS * 2.0**self._failures)
        self._failures += 1
        gevent.sleep(max(retry_after, self.random.random() * most))


class HttpReader(Reader, FastHttpUser):
    """A reader that asks over HTTP, on one connection of its own, with a browser's headers."""

    abstract = True
    network_timeout = NETWORK_SECONDS
    accept = "*/*"

    def __init__(self, environment: Environment) -> None:
        self.default_headers = fetch_headers(self.host or "", self.accept)
        super().__init__(environment)
        # the chat sets no cookies; to look for them is a third of a poll's CPU
        self.client.client.cookiejar = None
        self.arrived = 0.0

    def ask(self, **query: object) -> dict[str, Any] | None:
        """Ask for a batch that is here at `arrived`; None when it was refused, and the wait after that is over.

        A message is answered to all users at once, and they share a processor. So before a user makes
        anything of its answer, the others note when theirs came.

        The row's response time leaves out what the server says it held the request; that is the row HELD.
        """
        path = self.path(**query)
        with self.client.get(path, name=self.row, catch_response=True) as answer:
            self.arrived = time.time()
            gevent.sleep(0)
            meta = answer.request_meta
            held_ms = _held_ms(answer)
            meta["context"] = {"elapsed_ms": meta["response_time"]}
            meta["response_time"] = max(0.0, meta["response_time"] - (held_ms or 0.0))
            batch, problem = _batch(answer)
            if problem:
                answer.failure(problem)
        if held_ms is not None:
            self.report("HELD", self.transport, held_ms)
        if batch is None:
            self.back_off(retry_after_seconds(header(answer, "retry-after")))
        return batch


def _batch(answer: ResponseContextManager) -> tuple[dict[str, Any] | None, Any]:
    """Return an answer's batch, or None and what is wrong."""
    if not answer.status_code:
        return None, getattr(answer, "error", None) or "no answer"
    if answer.status_code != 200:
        return None, f"status {answer.status_code}"
    try:
        return parse_batch(answer.content or b""), None
    except NotABatch as problem:
        return None, str(problem)


def _held_ms(answer: ResponseContextManager) -> float | None:
    """Read `Server-Timing: hold;dur=<milliseconds>`; None when there is none."""
    name, _, duration = header(answer, "server-timing").partition("hold;dur=")
    try:
        return float(duration.partition(",")[0]) if not name else None
    except ValueError:
        return None


def header(answer: ResponseContextManager, name: str) -> str:
    """Return a header; nothing when it, or the whole answer, isn't there."""
    value = answer.headers.get(name) if answer.headers else None
    return value if isinstance(value, str) else ""


def _place(user: User) -> int:
    """Return a user's number in its process, the same in each run with the same users."""
    runner = user.environment.runner
    index = getattr(runner, "worker_index", 0)
    return int(index) * 1_000_000 + next(_numbers)


_numbers = itertools.count()
