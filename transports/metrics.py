"""Looking inside: what a server is doing at this moment, for people, for programs and for Prometheus.

Everything is read when somebody asks; nothing is counted twice, and nothing here slows a message down.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from transports.chat import Chat
from transports.handler import Handler
from transports.refusals import Draining
from transports.tokens import is_private
from transports.wire import to_json

LAG_INTERVAL_SECONDS = 0.1
LAGS_REMEMBERED = 10  # therefore the loop lag reported is the worst of the last second


class LoopLag:
    """How late the event loop wakes a timer of LAG_INTERVAL_SECONDS: what everybody waits extra."""

    def __init__(self) -> None:
        self._lags = deque([0.0], maxlen=LAGS_REMEMBERED)
        self._loop = asyncio.get_running_loop()
        self._again()

    @property
    def worst_ms(self) -> float:
        """The worst of the last second, in milliseconds, the one that goes on included."""
        return max(*self._lags, self._loop.time() - self._due, 0.0) * 1000

    def _again(self) -> None:
        self._due = self._loop.time() + LAG_INTERVAL_SECONDS
        self._timer = self._loop.call_at(self._due, self._measure)

    def _measure(self) -> None:
        self._lags.append(self._loop.time() - self._due)
        self._again()

    def stop(self) -> None:
        """Measure no more."""
        self._timer.cancel()


def rss_bytes() -> int:
    """Return the memory that this process occupies, in bytes; where that can't be read, its maximum so far."""
    with suppress(OSError):  # there is no /proc, or no descriptor left to read it with
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class Inspector:
    """Reads a chat's state into plain numbers."""

    def __init__(self, chat: Chat, transports: list[str]) -> None:
        self._chat = chat
        self._transports = transports
        self._lag = LoopLag()
        self._started = time.monotonic()

    def stop(self) -> None:
        """Measure no more."""
        self._lag.stop()

    def numbers(self) -> dict[str, float]:
        """Return what is one number each. Seconds and bytes unless the name says otherwise."""
        chat = self._chat
        sent = chat.rooms.fanout.sent
        return {
            "held": sum(room.held for room in chat.rooms),
            "websockets": chat.connections.count("websocket"),
            "event_streams": chat.connections.count("server-sent-events"),
            "loop_lag_ms": round(self._lag.worst_ms, 3),
            "rss_bytes": rss_bytes(),
            "cpu_seconds": time.process_time(),
            "uptime_seconds": round(time.monotonic() - self._started, 3),
            "messages": chat.counts.messages,
            "flushes": sent.flushes,
            "pushed_batches": sent.batches,
            "pushed_messages": sent.messages,
            "rest_seconds": round(sent.rest_seconds, 6),
            "queue_taken": chat.counts.queue_taken,
            "queue_dead": chat.counts.queue_dead,
            "connections": len(chat.traffic.open),
            "bytes_received": chat.traffic.received,
            "bytes_sent": chat.traffic.sent,
        }

    def report(self) -> dict[str, object]:
        """Return all there is to see."""
        rooms = {
            room.name: {
                "newest": room.cursor.id,
                "retained": len(room.log),
                "readers": room.readers,
            }
            for room in self._chat.rooms
            if not is_private(room.name)
        }
        requests = dict(self._chat.requests)
        return {
            **self.numbers(),
            "pid": os.getpid(),
            "transports": self._transports,
            "requests": requests,
            "rooms": rooms,
            "private_rooms": sum(is_private(room.name) for room in self._chat.rooms),
        }


class ChatCollector(Collector):
    """The same numbers in Prometheus' words."""

    COUNTERS = frozenset(
        {
            "cpu_seconds",
            "messages",
            "flushes",
            "pushed_batches",
            "pushed_messages",
            "rest_seconds",
            "queue_taken",
            "queue_dead",
            "bytes_received",
            "bytes_sent",
        }
    )

    def __init__(self, inspector: Inspector, chat: Chat) -> None:
        self._inspector = inspector
        self._chat = chat

    def collect(self) -> Iterator[Metric]:
        for name, value in self._inspector.numbers().items():
            family = CounterMetricFamily if name in self.COUNTERS else GaugeMetricFamily
            yield family(f"chat_{name}", name.replace("_", " "), value=value)
        requests = CounterMetricFamily("chat_requests", "requests", labels=["transport"])
        for transport, count in self._chat.requests.items():
            requests.add_metric([transport], count)
        yield requests


class InspectHandler(Handler):
    """`GET /inspect` → JSON."""

    transport = "inspect"

    def get(self) -> None:
        self.finish(to_json(self.settings["inspector"].report()))

    head = get


class HealthHandler(Handler):
    """`GET /healthz` → 200 while a message would be kept; 503 while draining or without the store."""

    transport = "inspect"

    async def get(self) -> None:
        await self.chat.rooms.store.check()
        if self.chat.draining:
            raise Draining
        self.finish(to_json({"status": "ok"}))

    head = get


class MetricsHandler(Handler):
    """`GET /metrics` → Prometheus text."""

    transport = "inspect"

    def get(self) -> None:
        registry = CollectorRegistry()
        registry.register(ChatCollector(self.settings["inspector"], self.chat))
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(generate_latest(registry))

    head = get
