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

from loadtests.client.headers import handshake_headers, websocket_url
from loadtests.swarm.reader import Reader, parse

CONNECT_SECONDS = 10.0
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class WebSocket(Reader):
    """Says “tell me” once."""

    transport = "websocket"
    _socket: Socket | None = None

    @task
    def receive(self) -> None:
        try:
            frame = (self._socket or self._connect()).recv()
            if not frame:
                raise ConnectionResetError("closed by the server")
        except (WebSocketException, OSError) as error:
            self._lose(error)
        else:
            self.delivered(parse(frame))

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
        self._tell_row((time.perf_counter() - started) * 1000)
        return connected

    def _lose(self, error: Exception) -> None:
        """Count the loss of a socket, or a handshake that failed, and wait before the next."""
        if isinstance(error, WebSocketBadStatusException):
            error = ConnectionRefusedError(f"status {error.status_code}")
        self._tell_row(0.0, error)
        self.on_stop()
        self.back_off()

    def _tell_row(self, ms: float, error: Exception | None = None) -> None:
        self.environment.events.request.fire(
            request_type="OPEN",
            name=self.row,
            response_time=ms,
            response_length=0,
            exception=error,
            context={"elapsed_ms": ms},
        )

    def on_stop(self) -> None:
        if self._socket is not None:
            with suppress(WebSocketException, OSError):
                self._socket.shutdown()
        self._socket = None
