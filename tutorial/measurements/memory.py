"""Memory: what a reader that waits weighs, and one that has stopped reading."""

from __future__ import annotations

import subprocess
import sys

from loadtests.client.limits import raise_limits
from loadtests.client.reader_pool import ReaderPool
from loadtests.comparison.server import fresh_server
from loadtests.table import TRANSPORTS
from tutorial.laboratory.disposable_server import project_first
from tutorial.laboratory.waiting_cost import READERS, Waiting
from tutorial.measurements.names import Values, word


def held(_: int) -> Values:
    """What a reader that waits weighs in the memory of a server that was just started."""
    raise_limits(READERS)
    values: Values = {"readers": READERS}
    for transport in TRANSPORTS:
        with fresh_server() as server:
            pool = ReaderPool()
            values[f"{word(transport)}_kib"] = Waiting.begin(pool, transport, server.port).kib
            pool.close()
    return values


def seams(_: int) -> Values:
    """What one reader that never reads costs the server's memory: with listeners inside `post`, and as it is here."""
    return _unread(posts=20_000, size=2_000)


def unread(_: int) -> Values:
    """The same, with 30 000 messages of 10 kB."""
    return _unread(posts=30_000, size=10_000)


def _unread(posts: int, size: int) -> Values:
    values: Values = {}
    for seam in ("listeners", "follow"):
        probe = ("tutorial.measurements.memory_probe", seam, str(posts), str(size))
        printed = subprocess.check_output((sys.executable, "-m", *probe), env=project_first())
        values[f"{seam}_mb"] = float(printed)
    return values
