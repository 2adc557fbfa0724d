"""Polling: what both ways to poll share. One batch is one whole HTTP response.

Tornado builds the head of each response anew, and copies it through a dozen calls. A poll's answer is the same for all
readers at the same cursor but for its date, which changes once a second. Therefore it is built once, and goes out in
one write. What needs more (HEAD, HTTP/1.0, a connection that closes, another origin's page) goes Tornado's way.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, format_timestamp

from transports.handler import RoomHandler
from transports.wire import Batch


@lru_cache(maxsize=2)
def default_head(second: int, cache_control: str) -> bytes:
    """Return what every answer of a second begins with. `second` is counted since 1970."""
    return (
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Cache-Control: {cache_control}\r\n"
        f"Date: {format_timestamp(second)}\r\n"
    ).encode()


@lru_cache(maxsize=16)
def length_and_body(batch: Batch) -> bytes:
    """Return the end of an answer; remembered, because a room gives the same batch to many readers."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(batch.json), batch.json)


class PollingHandler(RoomHandler):
    """Answers a request with one batch."""

    cache_control = "no-store"

    def clear(self) -> None:
        """Begin a response, without the date that Tornado would format for each."""
        self._headers = HTTPHeaders()
        self.set_default_headers()
        self._write_buffer: list[bytes] = []
        self._status_code, self._reason = 200, "OK"

    def answer(self, batch: Batch, server_timing: str = "") -> None:
        """Answer with one batch."""
        if self._is_plain():
            timing = f"Server-Timing: {server_timing}\r\n".encode() if server_timing else b""
            head = default_head(int(time.time()), self.cache_control)
            self._finish_with(head + timing + length_and_body(batch))
            return
        self.clear()  # a held request has shed its headers
        self.set_header("Cache-Control", self.cache_control)
        if server_timing:
            self.set_header("Server-Timing", server_timing)
        self.set_header("Date", format_timestamp(time.time()))
        self.finish(batch.json)

    def _is_plain(self) -> bool:
        """Return whether the answer has no header but the usual ones, and its connection goes on."""
        request = self.request
        return (
            request.method == "GET"
            and request.version == "HTTP/1.1"
            and request.headers.get("Connection", "keep-alive").lower() == "keep-alive"
            and not self.settings["trusted_origins"]
            and not self.chat.draining
            and not self.stream.writing()
        )

    def _finish_with(self, response: bytes) -> None:
        """Do what `RequestHandler.finish` does, with a response that is ready."""
        connection = cast(HTTP1Connection, self.request.connection)
        connection.set_close_callback(None)
        self.stream.send(response)
        connection.finish()
        self._finished = True
        self.on_finish()
        self._break_cycles()
