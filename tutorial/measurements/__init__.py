"""The measurements: each takes a fresh server's port, and returns plain numbers by name."""

from __future__ import annotations

from collections.abc import Callable

from tutorial.measurements.collapse import collapse
from tutorial.measurements.compression import compression
from tutorial.measurements.costs import costs
from tutorial.measurements.gap import gap
from tutorial.measurements.load_tests import crossover, fanout, tables, tls
from tutorial.measurements.memory import held, seams, unread
from tutorial.measurements.names import Values
from tutorial.measurements.rates import batching, busy
from tutorial.measurements.weights import poll, silence

_ALL = (
    poll, silence, gap, held, compression, busy, batching, seams, unread, tables, crossover,
    fanout, costs, collapse, tls,
)  # fmt: skip
MEASUREMENTS: dict[str, Callable[[int], Values]] = {one.__name__: one for one in _ALL}
