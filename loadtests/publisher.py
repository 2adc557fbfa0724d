"""Publisher: the one who writes, so that there is something to deliver.

It keeps its schedule whether or not the server keeps up (open loop): a message that could not be sent in time is
sent late, with the time it was due. Its requests are the same whichever transport is read, and its bytes are
counted apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import gevent
from locust.env import Environment

from loadtests.browser import fetch_headers
from loadtests.connection import Connection
from loadtests.stamp import AUTHOR, stamped


class NotPublished(Exception):
    """The server did not take a message."""


class Publisher:
    """Posts to one room. `ids` are the messages that were acknowledged, `late_ms` the worst delay of a sending."""

    def __init__(self, environment: Environment, host: str, room: str) -> None:
        self._fire: Callable[..., None] = environment.events.request.fire
        self._path = f"/rooms/{room}/messages"
        self.connection = Connection(host, fetch_headers(host))
        self.ids: list[int] = []
        self.failures: list[str] = []
        self.late_ms = 0.0

    def publish(self, offsets: Iterable[float]) -> None:
        """Publish one message at each of these seconds from now, ascending."""
        start = time.time()
        for offset in offsets:
            due = start + offset
            gevent.sleep(max(0.0, due - time.time()))
            self.late_ms = max(self.late_ms, (time.time() - due) * 1000)
            self._post(due)

    def _post(self, due: float) -> None:
        began, problem = time.perf_counter(), None
        try:
            answer = self.connection.ask(
                "POST", self._path, {"author": AUTHOR, "text": stamped(due)}
            )
            if answer.status == 201:
                self.ids.append(answer.json()["id"])
            else:
                problem = f"status {answer.status}"
        except OSError as error:
            self.connection.close()
            problem = str(error)
        if problem:
            self.failures.append(problem)
        self._fire(
            request_type="POST",
            name="/rooms/[room]/messages",
            response_length=0,
            context={},
            response_time=(time.perf_counter() - began) * 1000,
            exception=NotPublished(problem) if problem else None,
        )
