"""Fan: one author, many readers of one room, and a load that isn't the limit.

25 of the readers are read as soon as something is there, for the delay. The others are emptied in slices, each about
every 20 ms, and what they get is only counted: to read each delivery by itself costs a load more than it costs the
server to send it.
"""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, replace

from loadtests.benchmarks.processor import CHARACTERS, Stopwatch
from loadtests.benchmarks.samples import Lost, Sample
from loadtests.client.limits import raise_limits
from loadtests.client.raw_http import PING, PONG, connect, inspect, masked_frame, request, upgrade
from loadtests.client.reading import Tally
from loadtests.client.timestamped_text import DUE, DUE_BYTES, timestamped
from loadtests.comparison.server import Server

SAMPLED = 25
SLICES = 10
SLICE_SECONDS = 0.002
MARK = b"due "  # once in each message
LATE_SECONDS = 15.0  # what hasn't arrived so long after the last message was sent, is lost


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is read (`upgrades`: over a WebSocket, else a GET), and the author's WebSocket and envelope."""

    read: str
    author: str
    envelope: str
    upgrades: bool = True
    inspects: bool = False  # it is ours


@dataclass(slots=True, eq=False)
class FanReader:
    """A connection, and the end of what it has received, in which a mark may begin."""

    connection: socket.socket
    rest: bytes = b""

    def receive(self) -> bytes:
        """Return what there is; b"" for nothing. Raises: ConnectionResetError."""
        try:
            data = self.connection.recv(1 << 20)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("the server closed a reader’s connection")
        if len(data) < 8 and PING in data:
            self.connection.send(PONG)
        return data


class Fan:
    """Readers who have all come, and their author, who is a reader too."""

    def __init__(self, port: int, way: Way, readers: int) -> None:
        self.delivered = 0
        self.tally = Tally()  # of the readers that are read at once
        self._receivers = readers + 1  # the author receives, too
        self._way = way
        self._selector = selectors.DefaultSelector()
        self._author = FanReader(_open(port, way.author, True))
        self._sliced = [self._author]
        self._next, self._swept = 0, 0.0
        for number in range(readers):
            reader = FanReader(_open(port, way.read, way.upgrades))
            if number < SAMPLED:
                self._selector.register(reader.connection, selectors.EVENT_READ, reader)
            else:
                self._sliced.append(reader)
            if number % 100 == 99:
                self.serve(SLICE_SECONDS)

    def send(self) -> None:
        """Send a message that is due now."""
        text = timestamped(time.time(), CHARACTERS)
        data = masked_frame(self._way.envelope.replace("%s", text))
        while data:
            try:
                data = data[self._author.connection.send(data) :]
            except BlockingIOError:  # the server reads no faster
                self.serve(SLICE_SECONDS)

    def serve(self, seconds: float) -> None:
        """Read for so many seconds, or once."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            self._sweep()
            for key, _ in self._selector.select(max(0.0, min(left, SLICE_SECONDS))):
                self._time(key.data)
            if left <= 0:
                return

    def serve_until(self, deliveries: int, seconds: float) -> bool:
        """Read until so many deliveries were made, for at most so long; return whether they were."""
        deadline = time.monotonic() + seconds
        while self.delivered < deliveries and time.monotonic() < deadline:
            self.serve(SLICE_SECONDS)
        return self.delivered >= deliveries

    def publish(self, messages: int, rate: float, patience_seconds: float) -> int:
        """Send messages at a rate, read until each has reached all, and return how many deliveries are missing."""
        self.delivered = 0
        self.tally.clear()
        began, expected = time.monotonic(), self._receivers * messages
        for number in range(messages):
            self.serve(began + number / rate - time.monotonic())
            self.send()
        self.serve_until(expected, patience_seconds)
        return expected - self.delivered

    def close(self) -> None:
        """Hang up for all."""
        readers = [key.data for key in self._selector.get_map().values()] + self._sliced
        for reader in readers:
            reader.connection.close()
        self._selector.close()

    def _sweep(self) -> None:
        now = time.monotonic()
        if now - self._swept < SLICE_SECONDS:
            return
        self._swept = now
        for _ in range(max(1, len(self._sliced) // SLICES)):
            self._next = (self._next + 1) % len(self._sliced)
            reader = self._sliced[self._next]
            if data := reader.receive():
                data = reader.rest + data
                self.delivered += data.count(MARK)
                reader.rest = data[1 - len(MARK) :]

    def _time(self, reader: FanReader) -> None:
        received = reader.rest + reader.receive()
        now, end = time.time(), 0
        for due in DUE.finditer(received):
            end = due.end()
            self.delivered += 1
            self.tally.deliver(float(due[1]), now)
        reader.rest = received[max(end, len(received) - DUE_BYTES) :]


def _open(port: int, path: str, upgrades: bool) -> socket.socket:
    if upgrades:
        connection, _ = upgrade(port, path)
    else:
        connection = connect(port)
        connection.sendall(request("GET", path))
        connection.recv(1 << 16)  # the stream has begun
    connection.setblocking(False)
    return connection


def fan(server: Server, way: Way, readers: int, messages: int, rate: float) -> Sample:
    """Send messages at a rate to so many readers; the value is the server's CPU a delivery, in µs."""
    raise_limits(readers)
    crowd = Fan(server.port, way, readers)
    crowd.send()
    if not crowd.serve_until(readers + 1, LATE_SECONDS):
        raise Lost("not every reader got the first message")
    watch = Stopwatch(server)
    lost = crowd.publish(messages, rate, LATE_SECONDS)
    sample = watch.sample(crowd.delivered, crowd.tally, lost=lost)
    lag = inspect(server.port)["loop_lag_ms"] if way.inspects else None
    crowd.close()
    return replace(sample, loop_lag_ms=lag)
