"""The measurements: each starts from a fresh server's port, and gives plain numbers by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tutorial.measurements.compression import compression
from tutorial.measurements.gap import gap
from tutorial.measurements.load_tests import crossover, fanout, tables
from tutorial.measurements.memory import held, seams
from tutorial.measurements.rates import batching, busy
from tutorial.measurements.weights import poll, silence

MEASUREMENTS: dict[str, Callable[[int], Awaitable[dict[str, float]]]] = {
    one.__name__: one
    for one in (
        poll,
        silence,
        gap,
        held,
        compression,
        busy,
        batching,
        seams,
        tables,
        crossover,
        fanout,
    )
}
