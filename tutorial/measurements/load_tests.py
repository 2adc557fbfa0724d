"""Tester: what Locust's two tables say of one run, where the comparison's lines cross, what a delivery costs."""

from __future__ import annotations

import asyncio
from collections import deque

from loadtests.benchmarks.contenders import Settings
from loadtests.benchmarks.rows import ROWS
from loadtests.comparison.comparison import compare
from loadtests.experiments.response_time_against_delivery import both_measures
from loadtests.report.lines import crossing, line, trusted
from loadtests.results.plan import Plan
from tutorial.measurements.names import Values, word

SECONDS = 20.0
CROSSING = Plan(("short-polling", "long-polling"), (0.5, 2.0, 8.0), (100,), 5.0, repetitions=2)
NAMES = {"CPU a WebSocket": "push", "CPU a long-poll": "held_poll", "CPU an empty": "empty_poll"}


async def tables(port: int) -> Values:
    """What one Locust run says by response time, and by delivery: 30 readers a transport, a message a second."""

    def last() -> dict[str, dict[str, float]]:
        told = deque(both_measures(f"http://127.0.0.1:{port}", "1", SECONDS), maxlen=1)
        rows: dict[str, dict[str, float]] = told[0]["rows"]
        return rows

    rows = await asyncio.to_thread(last)
    return {
        f"{word(transport)}_{member}": value
        for transport, row in rows.items()
        for member, value in row.items()
    }


async def crossover(_: int) -> Values:
    """At how many messages a second short and long polling cost the same, by `python -m loadtests`."""
    results = await asyncio.to_thread(compare, CROSSING, lambda step: None)
    cells = trusted(results, CROSSING.users[0])
    found = {
        name: crossing(line(cells, "short-polling", value), line(cells, "long-polling", value))
        for name, value in (
            ("requests", lambda m: m.requests_a_delivery),
            ("cpu", lambda m: m.cpu),
        )
    }
    if None in found.values():
        raise RuntimeError("the lines don’t cross, or other programs disturbed: measure again")
    return {"users": CROSSING.users[0]} | {k: v for k, v in found.items() if v is not None}


async def fanout(_: int) -> Values:
    """What a delivery costs the server, in µs of processor time, beside plain Tornado."""
    settings, values = Settings(repetitions=2), Values()

    def take(row: str) -> None:
        what = ""
        for told in ROWS[row](settings):
            what = next(
                (name for start, name in NAMES.items() if told.what.startswith(start)), what
            )
            values[word(f"{what}_{told.name}".replace(" ", "_").lower())] = told.value

    for row in ("websocket-50", "long-poll", "empty-poll"):
        await asyncio.to_thread(take, row)
    return values
