"""Measured costs: what each transport costs on this machine, from the results that `measure` keeps."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.results.model import Costs
from loadtests.table import TRANSPORTS
from tutorial.book.measured_numbers import Results

GROUPS = ("costs", "held")  # what has to be measured for a card


@dataclass(frozen=True, slots=True)
class MeasuredCosts:
    """By transport: the cost of a unit of its work, and a waiting reader’s memory in bytes.

    `send_seconds` is the server’s processor time for a message that a reader sends over its WebSocket.
    """

    units: dict[str, Costs]
    memory: dict[str, float]
    send_seconds: float
    sources: tuple[str, ...] = ()

    def of_post(self, transport: str) -> float:
        """Return the processor seconds of one message that a reader writes."""
        if TRANSPORTS[transport].upgrades:
            return self.send_seconds
        return self.units[transport].post_cpu_seconds


def measured_costs(results: Results) -> MeasuredCosts:
    """Return what has been measured: the reader’s own, else the project’s."""

    def cost(name: str) -> float:
        return results.value(f"costs.{name}")

    def word(transport: str) -> str:
        return transport.replace("-", "_")

    units = {
        name: Costs(
            cpu_seconds=cost(f"{word(name)}_us") / 1e6,
            bytes=cost(f"{word(name)}_bytes"),
            message_bytes=cost("message_bytes"),
            round_trip=cost(f"{word(name)}_round_trip_ms") / 1000,
            post_cpu_seconds=cost("post_us") / 1e6,
            idle_cpu=0.0,
        )
        for name in TRANSPORTS
    }
    memory = {name: results.value(f"held.{word(name)}_kib") * 1024 for name in TRANSPORTS}
    sources = tuple(dict.fromkeys(results.source(group) for group in GROUPS))
    return MeasuredCosts(units, memory, cost("send_us") / 1e6, sources)
