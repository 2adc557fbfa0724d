"""Calibration: what one poll, one held poll and one push cost this server, on this machine.

The run warms up with it: a few hundred of each, with no Locust in the way. The model multiplies these constants by what
its formulas count; nothing of the cells themselves goes into it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from urllib.parse import quote

from websocket import WebSocket

from loadtests.client.connection import Answer, Connection
from loadtests.client.headers import fetch_headers, handshake_headers, websocket_url
from loadtests.client.inspection import LOOKS_A_SECOND, Looks
from loadtests.client.timestamped_text import AUTHOR, stamped
from loadtests.results.model import Costs

READERS = 50
MESSAGES = 30
POLLS = 300
GAP_SECONDS = 0.003  # what comes alone costs more than one of a row: the server had gone to sleep
IDLE_SECONDS = 0.3
HOLD = "&wait=25"
EVENT_END = b"\n\n"


class Refused(Exception):
    """The server refused what a load test needs; the text says what to change."""


class Bench:
    """Measures one server's costs, in one room. Raises: Refused, looks.NotTheChat, OSError."""

    def __init__(self, url: str, room: str) -> None:
        self._url = url
        self._room = room
        self._looks = Looks(url)
        self._connections: list[Connection] = []
        self._writer = self._connect()
        self._post_all()  # whatever happens for the first time costs more
        self._idle = self._cpu(lambda: time.sleep(IDLE_SECONDS)) / IDLE_SECONDS
        self._look_seconds = (
            self._cpu(lambda: [self._looks.look() for _ in range(MESSAGES)]) / MESSAGES
        )
        self._post_seconds = self._cpu(self._post_all) / MESSAGES
        newest = self._writer.ask("GET", self._path("short-polling", None) + "&limit=1")
        cursor = quote(self._checked(newest).json()["cursor"], safe=":")
        self._message_bytes = len(newest.body) - len(self._empty(cursor).body)

    def measure(self, transport: str) -> Costs:
        """Give a transport's costs."""
        measures = {
            "short-polling": self._polls,
            "long-polling": self._held_polls,
            "websocket": self._pushes,
            "server-sent-events": self._events,
        }
        cpu_seconds, unit_bytes, round_trip = measures[transport]()
        return Costs(
            cpu_seconds,
            unit_bytes,
            self._message_bytes,
            round_trip,
            self._post_seconds,
            self._idle + LOOKS_A_SECOND * self._look_seconds,
        )

    def close(self) -> None:
        """Hang up."""
        for connection in self._connections:
            connection.close()

    def _polls(self) -> tuple[float, float, float]:
        """Measure empty short polls, one after the other."""
        seconds, sizes = [], []
        cursor = quote(self._empty("now").json()["cursor"], safe=":")

        def poll() -> None:
            for _ in range(POLLS):
                began, sent = time.perf_counter(), self._writer.sent
                answer = self._empty(cursor)
                seconds.append(time.perf_counter() - began)
                sizes.append(self._writer.sent - sent + answer.wire_bytes)
                time.sleep(GAP_SECONDS)

        return self._cpu(poll) / POLLS, statistics.mean(sizes), statistics.median(seconds)

    def _held_polls(self) -> tuple[float, float, float]:
        """Measure long polls that are all released by the same message, again and again."""
        cursor = quote(self._empty("now").json()["cursor"], safe=":")
        readers = [self._connect() for _ in range(READERS)]
        cursors = [cursor] * READERS

        def release() -> None:
            for reader, at in zip(readers, cursors, strict=True):
                reader.send("GET", self._path("long-polling", at) + HOLD)
            self._until_held(READERS)
            self._post()
            answers = [self._checked(reader.receive()) for reader in readers]
            cursors[:] = [quote(answer.json()["cursor"], safe=":") for answer in answers]

        looks = self._looks.count

        def release_all() -> None:
            for _ in range(MESSAGES):
                release()

        cpu = self._cpu(release_all)
        looked = (self._looks.count - looks) * self._look_seconds
        total = sum(reader.sent + reader.received for reader in readers)
        exchange = total / (READERS * MESSAGES) - self._message_bytes
        each = (cpu - looked) / MESSAGES - self._post_seconds
        return each / READERS, exchange, self._round_trip()

    def _until_held(self, count: int) -> None:
        while self._looks.look().numbers["held"] < count:
            time.sleep(GAP_SECONDS)

    def _pushes(self) -> tuple[float, float, float]:
        """Measure messages that are pushed to all at once."""
        sockets = [self._open_socket() for _ in range(READERS)]
        wrapping = len(sockets[0].recv()) + 4  # and the frame around it
        for other in sockets[1:]:
            other.recv()
        each = self._beyond_posts(lambda: [s.recv() for s in sockets])
        for one in sockets:
            one.shutdown()
        return each / READERS, wrapping, self._round_trip()

    def _open_socket(self) -> WebSocket:
        opened = WebSocket(skip_utf8_validation=True)
        path = self._path("websocket", "now")
        opened.connect(
            websocket_url(self._url) + path,
            header=handshake_headers(),
            origin=self._url,
            timeout=10,
        )
        return opened

    def _events(self) -> tuple[float, float, float]:
        """Measure the same for events."""
        readers = [
            Connection(self._url, fetch_headers(self._url, "text/event-stream"))
            for _ in range(READERS)
        ]
        self._connections += readers
        for reader in readers:
            reader.send("GET", self._path("server-sent-events", "now"))
            reader.take_until(b"\r\n\r\n")
            wrapping = len(reader.take_until(EVENT_END)) + 2  # and the end of the chunk
        each = self._beyond_posts(lambda: [r.take_until(EVENT_END) for r in readers])
        return each / READERS, wrapping, self._round_trip()

    def _beyond_posts(self, hear: Callable[[], object]) -> float:
        """Give the CPU seconds that a message costs the server beyond its post. `hear` takes it from all readers."""
        cpu = self._cpu(lambda: self._post_all(hear)) / MESSAGES
        return max(0.0, cpu - self._post_seconds)

    def _round_trip(self) -> float:
        """Give the median seconds of an exchange that is answered at once."""
        seconds = []
        for _ in range(MESSAGES):
            began = time.perf_counter()
            self._empty("now")
            seconds.append(time.perf_counter() - began)
        return statistics.median(seconds)

    def _cpu(self, work: Callable[[], object]) -> float:
        """Give the CPU seconds that the server spent while `work` ran."""
        first = self._looks.look().numbers["cpu_seconds"]
        work()
        return float(self._looks.look().numbers["cpu_seconds"] - first)

    def _post_all(self, after_each: Callable[[], object] = lambda: None) -> None:
        for _ in range(MESSAGES):
            self._post()
            after_each()
            time.sleep(GAP_SECONDS)

    def _post(self) -> None:
        message = {"author": AUTHOR, "text": stamped(time.time())}
        self._checked(self._writer.ask("POST", f"/rooms/{self._room}/messages", message))

    def _empty(self, cursor: str) -> Answer:
        return self._checked(self._writer.ask("GET", self._path("short-polling", cursor)))

    def _path(self, transport: str, cursor: str | None) -> str:
        return f"/rooms/{self._room}/{transport}?" + (f"cursor={cursor}" if cursor else "")

    def _connect(self) -> Connection:
        connection = Connection(self._url, fetch_headers(self._url))
        self._connections.append(connection)
        return connection

    def _checked(self, answer: Answer) -> Answer:
        if answer.status == 429:
            raise Refused(
                f"{self._url} answers 429, too many messages: start it with --rate-limit=0"
            )
        if answer.status not in (200, 201):
            raise Refused(
                f"{self._url} answers {answer.status} to what the load tests ask: is this chat served there?"
            )
        return answer
