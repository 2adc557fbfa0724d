"""Rates: what one room costs over each transport, the more messages it has a second."""

from __future__ import annotations

from statistics import mean, median
from typing import Any

from loadtests.table import TRANSPORTS
from tutorial.laboratory.reader_runs import measure
from tutorial.measurements.names import Values, word

RATES = (0.2, 1, 2, 5, 10, 50)
READERS = 20
SECONDS = 10


def busy(port: int) -> Values:
    """What one room costs over each transport at several rates of messages: requests, processor, delay."""
    values: Values = {"readers": READERS, "interval_seconds": 1}
    for rate in RATES:
        for transport in TRANSPORTS:
            measured = measure(transport, rate, _asked(port, "busy"))
            name = word(f"{transport}_{rate:g}")
            deliveries = measured["posted"] * READERS / SECONDS
            values |= {
                f"{name}_requests": measured["requests_per_second"],
                f"{name}_requests_a_delivery": measured["requests_per_second"] / deliveries,
                f"{name}_cpu_percent": measured["cpu_percent"],
                f"{name}_mean_ms": mean(measured["delays_ms"]),
                f"{name}_median_ms": median(measured["delays_ms"]),
            }
    return values


def batching(port: int) -> Values:
    """What 50 ms of patience save a busy room over long polling."""
    values: Values = {"readers": READERS}
    for delay_ms in (0, 50):
        asked = _asked(port, f"patient-{delay_ms}", delay_ms)
        measured = measure("long-polling", 50, asked)
        values |= {
            f"delay_{delay_ms}_requests": measured["requests_per_second"],
            f"delay_{delay_ms}_cpu_percent": measured["cpu_percent"],
            f"delay_{delay_ms}_median_ms": median(measured["delays_ms"]),
        }
    return values


def _asked(port: int, room: str, delay_ms: float = 0) -> dict[str, Any]:
    asked = {"port": port, "room": room, "readers": READERS, "seconds": SECONDS}
    return asked | {"interval": 1.0, "delay_ms": delay_ms, "seed": 7}
