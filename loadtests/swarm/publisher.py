"""Publisher: the one user that writes, so that there is something to deliver.

It keeps its schedule whether or not the server keeps up (open loop): it sends a message when it is due, without
waiting for the answer to the one before, and what could not be sent in time says when it was due. Its requests are
the same whichever transport is read, and its bytes are counted apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import gevent
from gevent.queue import Queue
from locust.env import Environment

from loadtests.client.connection import Connection
from loadtests.client.headers import OUR_CODING, fetch_headers
from loadtests.client.timestamped_text import AUTHOR, timestamped

IDLE_SECONDS = 30.0  # a connection that was idle for longer may have been closed by the server


class NotPublished(Exception):
    """The server did not take a message."""


class Publisher:
    """Posts to one room. `ids` are the messages that were acknowledged, `late_ms` the worst delay of a sending."""

    def __init__(self, environment: Environment, room: str) -> None:
        self._fire: Callable[..., None] = environment.events.request.fire
        self._path = f"/rooms/{room}/messages"
        host = environment.host or ""
        self.connection = Connection(host, fetch_headers(host, codings=OUR_CODING))
        self.ids: list[int] = []
        self.late_ms = 0.0
        self.unanswered = 0
        self._sent: Queue[tuple[float, float]] = Queue()
        self._last_sent = 0.0
        self._receiving: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to take answers."""
        self._receiving = gevent.spawn(self._receive)

    def publish(self, offsets: Iterable[float]) -> None:
        """Publish one message at each of these seconds from now, ascending."""
        start = time.time()
        for offset in offsets:
            due = start + offset
            gevent.sleep(max(0.0, due - time.time()))
            self.late_ms = max(self.late_ms, (time.time() - due) * 1000)
            self._send(due)

    def stop(self) -> None:
        """Take no more answers."""
        if self._receiving is not None:
            self._receiving.kill(block=False)

    def _send(self, due: float) -> None:
        began = time.perf_counter()
        if not self.unanswered and began - self._last_sent > IDLE_SECONDS:
            self.connection.close()
        self._last_sent = began
        try:
            self.connection.send("POST", self._path, {"author": AUTHOR, "text": timestamped(due)})
        except OSError as error:
            self.connection.close()
            self._report(began, due, str(error))
        else:
            self.unanswered += 1
            self._sent.put((began, due))

    def _receive(self) -> None:
        """Take the answers, which come in the order of the messages (RFC 9112 §9.3.2)."""
        for began, due in self._sent:
            try:
                answer = self.connection.receive()
                problem = None if answer.status == 201 else f"status {answer.status}"
                if problem is None:
                    self.ids.append(answer.json()["id"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                self.connection.close()
                problem = str(error) or type(error).__name__
            self.unanswered -= 1
            self._report(began, due, problem)

    def _report(self, began: float, due: float, problem: str | None) -> None:
        self._fire(
            request_type="POST",
            name="/rooms/[room]/messages",
            response_time=(time.perf_counter() - began) * 1000,
            response_length=0,
            exception=NotPublished(problem) if problem else None,
            context={"due": due},
        )
