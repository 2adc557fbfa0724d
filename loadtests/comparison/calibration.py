"""Calibration: what one poll, one held poll and one push cost this server, on this machine.

The run warms up with it: a few hundred of each, with no Locust in the way. The model multiplies these constants by what
its formulas count; nothing that the server did in the cases themselves goes into it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

from websocket import WebSocket

from loadtests.client.headers import handshake_headers, websocket_url
from loadtests.client.reading import Asks
from loadtests.comparison.probe import GAP_SECONDS, MESSAGES, Probe
from loadtests.results.model import Costs
from loadtests.table import TRANSPORTS, Transport

READERS = 50
POLLS = 300
CONNECT_SECONDS = 10.0
EVENT_END = b"\n\n"

Unit = tuple[float, float, float]  # CPU seconds, bytes, and seconds of a round trip


def calibrate(url: str, room: str, transports: Sequence[str]) -> dict[str, Costs]:
    """Return each transport's costs. Raises: probe.Refused, inspection.NotTheChat, OSError."""
    with Probe(url, room) as probe:
        return {name: _costs(probe, TRANSPORTS[name]) for name in transports}


def _costs(probe: Probe, transport: Transport) -> Costs:
    if transport.asks is Asks.EVERY_INTERVAL:
        unit = _polls(probe, transport.name)
    elif transport.asks is Asks.AGAIN_AT_ONCE:
        unit = _held_polls(probe, transport.name)
    else:
        unit = (_frames if transport.upgrades else _events)(probe, transport.name)
    cpu_seconds, unit_bytes, round_trip = unit
    return Costs(
        cpu_seconds,
        unit_bytes,
        probe.message_bytes,
        round_trip,
        probe.post_seconds,
        probe.idle,
    )


def _polls(probe: Probe, name: str) -> Unit:
    """Measure empty polls, one after the other."""
    seconds, sizes = [], []
    path, writer = probe.path(name, probe.newest()), probe.writer

    def poll() -> None:
        for _ in range(POLLS):
            began, sent = time.perf_counter(), writer.sent
            answer = probe.checked(writer.ask("GET", path))
            seconds.append(time.perf_counter() - began)
            sizes.append(writer.sent - sent + answer.wire_bytes)
            time.sleep(GAP_SECONDS)

    return probe.cpu(poll) / POLLS, statistics.mean(sizes), statistics.median(seconds)


def _held_polls(probe: Probe, name: str) -> Unit:
    """Measure polls that are all released by the same message, again and again."""
    readers = [probe.connect() for _ in range(READERS)]
    cursors = [probe.newest()] * READERS

    def release_all() -> None:
        for _ in range(MESSAGES):
            for reader, cursor in zip(readers, cursors, strict=True):
                reader.send("GET", probe.path(name, cursor) + "wait=25")
            probe.until_held(READERS)
            probe.post()
            answers = [probe.checked(reader.receive()) for reader in readers]
            cursors[:] = [quote(answer.json()["cursor"], safe=":") for answer in answers]

    each = probe.cpu(release_all) / MESSAGES - probe.post_seconds
    total = sum(reader.sent + reader.received for reader in readers)
    exchange_bytes = total / (READERS * MESSAGES) - probe.message_bytes
    return max(0.0, each) / READERS, exchange_bytes, probe.round_trip()


def _frames(probe: Probe, name: str) -> Unit:
    """Measure messages that are pushed to all at once, over WebSockets."""
    sockets = [_open_socket(probe, name) for _ in range(READERS)]
    wrapping = [len(one.recv()) + 4 for one in sockets]  # and the frame around it
    each = _beyond_posts(probe, lambda: [one.recv() for one in sockets])
    for one in sockets:
        one.shutdown()
    return each / READERS, wrapping[0], probe.round_trip()


def _open_socket(probe: Probe, name: str) -> WebSocket:
    opened = WebSocket(skip_utf8_validation=True)
    opened.connect(
        websocket_url(probe.url) + probe.path(name, "now"),
        header=handshake_headers(),
        origin=probe.url,
        timeout=CONNECT_SECONDS,
    )
    return opened


def _events(probe: Probe, name: str) -> Unit:
    """Measure the same for events."""
    readers = [probe.connect("text/event-stream") for _ in range(READERS)]
    for reader in readers:
        reader.send("GET", probe.path(name, "now"))
        reader.take_until(b"\r\n\r\n")
        reader.take_until(EVENT_END)  # `retry:`
        wrapping = len(reader.take_until(EVENT_END))  # the end of the last chunk stands for its own
    each = _beyond_posts(probe, lambda: [reader.take_until(EVENT_END) for reader in readers])
    return each / READERS, wrapping, probe.round_trip()


def _beyond_posts(probe: Probe, receive: Callable[[], object]) -> float:
    """Return the CPU seconds that a message costs the server beyond its post. `receive` takes it from all readers."""
    cpu = probe.cpu(lambda: probe.post_all(receive)) / MESSAGES
    return max(0.0, cpu - probe.post_seconds)
