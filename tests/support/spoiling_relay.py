"""A relay in front of a chat that spoils its answers, as proxies and failing servers do."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Answer = tuple[int, dict[str, str], bytes]
JSON = {"Content-Type": "application/json"}


def as_html(path: str, body: bytes) -> Answer:
    """Answer every question of a reader with a page and 200, as a captive portal does."""
    if path.startswith("/rooms/"):
        return 200, {"Content-Type": "text/html"}, b"<h1>Welcome to our network</h1>"
    return 200, JSON, body


def as_busy(path: str, body: bytes) -> Answer:
    """Refuse every reader for a minute, with a date."""
    if path.startswith("/rooms/"):
        return 503, {"Retry-After": formatdate(time() + 60, usegmt=True)}, b""
    return 200, JSON, body


def as_nonsense(path: str, body: bytes) -> Answer:
    """Refuse every reader with a Retry-After and a Server-Timing that say nothing."""
    if path.startswith("/rooms/"):
        return 503, {"Retry-After": "soon", "Server-Timing": "hold;dur=long"}, b""
    return 200, JSON, body


def as_gzip(path: str, body: bytes) -> Answer:
    """Answer what the chat does, compressed."""
    return 200, JSON | {"Content-Encoding": "gzip"}, gzip.compress(body)


@contextmanager
def relaying(chat: str, spoil: Callable[[str, bytes], Answer]) -> Iterator[str]:
    """Return the address of a relay in front of the chat at that URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(*spoil(self.path, self.fetched(None)))

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            body = self.fetched(self.rfile.read(size))
            self.answer(201, JSON, body)

        def fetched(self, body: bytes | None) -> bytes:
            path = self.path.partition("?")[0]
            if body is None and path.endswith(("/websocket", "/server-sent-events")):
                return b""
            kind = {"Content-Type": self.headers["Content-Type"]} if body else {}
            try:
                with urlopen(Request(chat + self.path, body, kind)) as answer:
                    return bytes(answer.read())
            except HTTPError as error:
                with error:
                    return error.read()

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            """Answer in chunks, as what compresses on the way does."""
            self.send_response(status if self.command == "GET" else 201)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
