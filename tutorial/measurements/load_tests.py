"""Load tests: one Locust run by both measures, where the comparison's lines cross, what a delivery costs."""

from __future__ import annotations

from collections import deque

from loadtests.benchmarks.contenders import Settings
from loadtests.benchmarks.rows import ROWS
from loadtests.benchmarks.tls import TLS_ROWS
from loadtests.comparison.comparison import compare
from loadtests.experiments.response_time_against_delivery import both_measures
from loadtests.report.lines import crossing, line, trusted
from loadtests.results.plan import Plan
from tutorial.measurements.names import Values, word

SECONDS = 20.0
CROSSING = Plan(("short-polling", "long-polling"), (0.5, 2.0, 8.0), (100,), 5.0, repetitions=2)
NAMES = {"websocket-50": "push", "long-poll": "held_poll", "empty-poll": "empty_poll"}
SERVERS = {
    "ours": "ours",
    "aiohttp": "aiohttp",
    "websockets": "websockets",
    "plain Tornado": "plain_tornado",
    "bare loop, Python": "bare_loop",
}


def tables(port: int) -> Values:
    """What one Locust run says by response time, and by delivery: 30 readers a transport, a message a second."""
    [last] = deque(both_measures(f"http://127.0.0.1:{port}", "1", SECONDS), maxlen=1)
    rows: dict[str, dict[str, float]] = last["rows"]
    return {
        f"{word(transport)}_{member}": value
        for transport, row in rows.items()
        for member, value in row.items()
    }


def crossover(_: int) -> Values:
    """At how many messages a second short and long polling cost the same, by `python -m loadtests`."""
    results = compare(CROSSING, lambda step: None)
    cases = trusted(results, CROSSING.users[0])
    found = {
        name: crossing(line(cases, "short-polling", value), line(cases, "long-polling", value))
        for name, value in (
            ("requests", lambda m: m.requests_a_delivery),
            ("cpu", lambda m: m.cpu),
        )
    }
    if None in found.values():
        raise RuntimeError("the lines don’t cross, or other programs disturbed: measure again")
    return {"users": CROSSING.users[0]} | {k: v for k, v in found.items() if v is not None}


def fanout(_: int) -> Values:
    """What a delivery costs the server, in µs of processor time, beside plain Tornado."""
    return {
        f"{what}_{SERVERS[line.name]}": line.median.value
        for row, what in NAMES.items()
        for line in ROWS[row](Settings()).lines
        if line.name in SERVERS
    }


def tls(_: int) -> Values:
    """What TLS adds to a push and to a connection, in µs of the server's processor time, and in bytes."""
    found = {
        name: [line.median.value for line in row(Settings()).lines]
        for name, row in TLS_ROWS.items()
    }
    [secured, clear] = found["tls-push"]
    return {
        "push_us": secured - clear,
        "push_bytes": found["tls-push-bytes"][0],
        "connection_us": found["tls-connection"][0],
        "connection_bytes": found["tls-connection-bytes"][0],
    }
