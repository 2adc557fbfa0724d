"""Server-sent events under load: `locust -f loadtests/server_sent_events.py`.

Each user asks once, and reads events from an answer that never ends. Locust's own row times that answer's head. A
server that hasn't this transport is not asked: the user class is left out (see lifecycle.py).
"""

from __future__ import annotations

from geventhttpclient.response import HTTPSocketResponse
from locust import task
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS

from loadtests.client.batch import NotABatch, parse_batch, retry_after_seconds
from loadtests.swarm.reader import HttpReader, header

DATA = b"data: "


class ServerSentEvents(HttpReader):
    """Asks once, and receives for as long as it listens."""

    transport = "server-sent-events"
    accept = "text/event-stream"
    _stream: HTTPSocketResponse | None = None

    @task
    def receive(self) -> None:
        if not self._stream and not self._open():
            return
        event = self._next_event()
        if not event:
            self._lose()
        data = [line[len(DATA) :] for line in event.split(b"\n") if line.startswith(DATA)]
        try:
            for one in data:
                self.delivered(parse_batch(one))
        except NotABatch as problem:
            self._lose(problem)

    def _open(self) -> bool:
        """Ask for the stream; False when there is none, and the wait after that is over."""
        answer = self.client.get(self.path(), name=self.row, stream=True)
        if answer.status_code == 200:
            kind, coding = header(answer, "content-type"), header(answer, "content-encoding")
            if kind.startswith(self.accept) and not coding:
                self._stream = answer.stream
                return True
            answer.stream.release()
            self.report("GET", self.row, None, NotABatch("what came is no event stream"))
        self.back_off(retry_after_seconds(header(answer, "retry-after")))
        return False

    def _lose(self, problem: NotABatch | None = None) -> None:
        """Hang up, count what was wrong, and wait before the next try."""
        if problem is not None:
            self.report("GET", self.row, None, problem)
        self.on_stop()
        self.back_off()

    def _next_event(self) -> bytes:
        """Return the next event, or nothing when the answer has ended."""
        assert self._stream is not None
        try:
            return self._stream.readline(b"\n\n")
        except FAILURE_EXCEPTIONS:
            return b""

    def on_stop(self) -> None:
        """Hang up: the answer would go on for ever."""
        if self._stream is not None:
            self._stream.release()
        self._stream = None
