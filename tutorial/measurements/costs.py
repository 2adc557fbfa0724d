"""Costs: what one unit of each transport's work costs this server, and what a reader's own message costs.

The unit is a poll, a held poll, or a push, as the comparison of the load tests calibrates it.
"""

from __future__ import annotations

import json
from typing import Any

from websocket import WebSocket

from loadtests.client.headers import handshake_headers, websocket_url
from loadtests.comparison.calibration import calibrate
from loadtests.comparison.probe import Probe
from loadtests.table import TRANSPORTS
from tutorial.measurements.names import Values, word

SENDS = 300
CONNECT_SECONDS = 10.0


def costs(port: int) -> Values:
    """What a poll, a held poll and a push cost the server, over each of the four transports, and a post."""
    url = f"http://127.0.0.1:{port}"
    values: Values = {}
    for name, cost in calibrate(url, "costs", tuple(TRANSPORTS)).items():
        values |= {
            f"{word(name)}_us": cost.cpu_seconds * 1e6,
            f"{word(name)}_bytes": cost.bytes,
            f"{word(name)}_round_trip_ms": cost.round_trip * 1000,
        }
        values |= {"post_us": cost.post_cpu_seconds * 1e6, "message_bytes": cost.message_bytes}
    return values | {"send_us": _send_us(url)}


def _send_us(url: str) -> float:
    """Return what a message costs that is sent over a WebSocket, in µs of the server's processor time."""
    with Probe(url, "sends") as probe:
        socket: Any = WebSocket(skip_utf8_validation=True)
        address = websocket_url(url) + probe.path("websocket", "now")
        socket.connect(address, header=handshake_headers(), origin=url, timeout=CONNECT_SECONDS)
        socket.recv()
        draft = json.dumps({"type": "send", "author": "cost", "text": "x" * 32})

        def send_all() -> None:
            for _ in range(SENDS):
                socket.send(draft)
                answers = [socket.recv() for _ in range(2)]  # the ack, and the message itself
                assert len(answers) == 2

        seconds = probe.cpu(send_all)
        socket.shutdown()
        return seconds / SENDS * 1e6
