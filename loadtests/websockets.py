"""WebSocket under load: `locust -f loadtests/websockets.py`.

Each user opens one socket, and then only listens. Locust's own row counts the handshakes; nothing else is asked.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from locust import task
from websocket import WebSocket as Socket
from websocket import WebSocketBadStatusException, WebSocketException

from loadtests.client.batch import NotABatch, parse_batch, retry_after_seconds
from loadtests.client.headers import handshake_headers, websocket_url
from loadtests.swarm.reader import Reader

CONNECT_SECONDS = 10.0
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class WebSocket(Reader):
    """Asks once, and receives for as long as it listens."""

    transport = "websocket"
    _socket: Socket | None = None

    @task
    def receive(self) -> None:
        try:
            frame = (self._socket or self._connect()).recv()
            if not frame:
                raise ConnectionResetError("closed by the server")
            batch = parse_batch(frame)
        except (WebSocketException, OSError, NotABatch) as error:
            self._lose(error)
        else:
            self.delivered(batch)

    def _connect(self) -> Socket:
        started = time.perf_counter()
        connected = Socket(sockopt=[NO_DELAY], skip_utf8_validation=True, enable_multithread=False)
        host = self.host or ""
        connected.connect(
            websocket_url(host) + self.path(),
            header=handshake_headers(),
            origin=host,
            timeout=CONNECT_SECONDS,
        )
        connected.settimeout(None)
        self._socket = connected
        self._report((time.perf_counter() - started) * 1000)
        return connected

    def _lose(self, error: Exception) -> None:
        """Count the loss of a socket, or a handshake that failed, and wait before the next."""
        retry_after = 0.0
        if isinstance(error, WebSocketBadStatusException):
            retry_after = retry_after_seconds((error.resp_headers or {}).get("retry-after", ""))
            error = ConnectionRefusedError(f"status {error.status_code}")
        self._report(0.0, error)
        self.on_stop()
        self.back_off(retry_after)

    def _report(self, ms: float, error: Exception | None = None) -> None:
        self.report("OPEN", self.row, ms, error, elapsed_ms=ms)

    def on_stop(self) -> None:
        if self._socket is not None:
            with suppress(WebSocketException, OSError):
                self._socket.shutdown()
        self._socket = None
