"""Probe: one server, asked a few things with no Locust in the way, and what it spent on them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from types import TracebackType
from urllib.parse import quote

from loadtests.client.connection import Answer, Connection
from loadtests.client.headers import OUR_CODING, fetch_headers
from loadtests.client.inspection import INSPECTIONS_A_SECOND, Inspector
from loadtests.client.timestamped_text import AUTHOR, timestamped

MESSAGES = 30
IDLE_SECONDS = 0.3
GAP_SECONDS = 0.003  # what comes alone costs more than one of a row: the server had gone to sleep
PLAIN = "short-polling"  # what is asked where any question that is answered at once will do


class Refused(Exception):
    """The server refused what a load test needs; the text says what to change."""


class Probe:
    """Asks one server, in one room; the `with` connects. All methods raise Refused, NotTheChat or OSError.

    `post_seconds` are the server's CPU seconds for a post, `idle` its share of a core while it is only inspected.
    """

    def __init__(self, url: str, room: str) -> None:
        self.url = url
        self._room = room
        self._inspector = Inspector(url)
        self._connections: list[Connection] = []

    def __enter__(self) -> Probe:
        self.writer = self.connect()
        self.post_all()  # what happens for the first time costs more
        resting = self.cpu(lambda: time.sleep(IDLE_SECONDS)) / IDLE_SECONDS
        inspecting = self.cpu(lambda: [self._inspector.inspect() for _ in range(MESSAGES)])
        self._inspection_seconds = inspecting / MESSAGES
        self.idle = resting + INSPECTIONS_A_SECOND * self._inspection_seconds
        self.post_seconds = self.cpu(self.post_all) / MESSAGES
        newest = self.checked(self.writer.ask("GET", self.path(PLAIN) + "limit=1"))
        cursor = quote(newest.json()["cursor"], safe=":")
        self.message_bytes = len(newest.body) - len(self.empty(cursor).body)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for connection in self._connections:
            connection.close()

    def connect(self, accept: str = "*/*") -> Connection:
        """Return one more connection."""
        connection = Connection(self.url, fetch_headers(self.url, accept))
        self._connections.append(connection)
        return connection

    def path(self, transport: str, cursor: str | None = None) -> str:
        """Return the address of a transport, to which more may be added."""
        return f"/rooms/{self._room}/{transport}?" + (f"cursor={cursor}&" if cursor else "")

    def newest(self) -> str:
        """Return the cursor behind the newest message, as it is written in an address."""
        return quote(self.empty("now").json()["cursor"], safe=":")

    def empty(self, cursor: str) -> Answer:
        """Return the answer to a poll that finds nothing."""
        return self.checked(self.writer.ask("GET", self.path(PLAIN, cursor)))

    def post(self) -> None:
        """Post a message."""
        message = {"author": AUTHOR, "text": timestamped(time.time())}
        self.checked(self.writer.ask("POST", f"/rooms/{self._room}/messages", message))

    def post_all(self, after_each: Callable[[], object] = lambda: None) -> None:
        """Post MESSAGES messages, and do something after each."""
        for _ in range(MESSAGES):
            self.post()
            after_each()
            time.sleep(GAP_SECONDS)

    def cpu(self, work: Callable[[], object]) -> float:
        """Return the CPU seconds that the server spent while `work` ran, but for its own inspections."""
        first = self._inspector.inspect().numbers["cpu_seconds"]
        count = self._inspector.count
        work()
        inspected = (self._inspector.count - count) * getattr(self, "_inspection_seconds", 0.0)
        spent = self._inspector.inspect().numbers["cpu_seconds"] - first
        return float(max(0.0, spent - inspected))

    def round_trip(self) -> float:
        """Return the median seconds of an exchange that is answered at once."""
        seconds = []
        for _ in range(MESSAGES):
            began = time.perf_counter()
            self.empty("now")
            seconds.append(time.perf_counter() - began)
        return statistics.median(seconds)

    def until_held(self, count: int) -> None:
        """Wait until so many requests are held."""
        while self._inspector.inspect().numbers["held"] < count:
            time.sleep(GAP_SECONDS)

    def checked(self, answer: Answer) -> Answer:
        """Return an answer that is a success. Raises: Refused."""
        if answer.status == 429:
            raise Refused(
                f"{self.url} answers 429, too many messages: start it with --rate-limit=0"
            )
        if answer.headers.get("content-encoding", OUR_CODING) != OUR_CODING:
            raise Refused(f"{self.url} compresses JSON otherwise than with {OUR_CODING}")
        if answer.status not in (200, 201):
            raise Refused(
                f"{self.url} answers {answer.status} to what the load tests ask: is this chat served there?"
            )
        return answer
