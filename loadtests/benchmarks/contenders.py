"""Contenders: our server and its peers, each a process of its own on the first core, and the lines of the table.

`bound` is what this project holds itself to, as a ratio to the peer named in `name`, or in the row's own unit.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtests.comparison.server import CHAT, Server, running

PEERS = Path(__file__).parent / "peers"
LIBRARIES = {"aiohttp": "aiohttp_chat", "websockets": "websockets_chat"}  # may be missing

Measure = Callable[[Server], float]


@dataclass(frozen=True, slots=True)
class Settings:
    """How much work to do. `scale` multiplies readers and messages."""

    repetitions: int = 3
    scale: float = 1.0

    def of(self, count: int) -> int:
        """Return a count scaled, no less than 1."""
        return max(1, round(count * self.scale))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a value, and its ratio to ours (of a peer) with the bound on it."""

    what: str
    name: str
    value: float
    unit: str
    ratio: float | None = None
    bound: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that can be started, and how it is measured."""

    name: str
    start: Callable[[], AbstractContextManager[Server]]
    measure: Measure


@contextmanager
def ours(store: str = "memory") -> Iterator[Server]:
    """Run this project's server; `store` may be `sqlite`, for a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        where = f"sqlite:{folder}/chat.db" if store == "sqlite" else store
        with running((*CHAT, f"--store={where}"), preexec=_on_first_core) as server:
            yield server


def peer(name: str, file: str, measure: Measure) -> Contender:
    """Return the peer in that file of peers/."""
    command = [str(PEERS / f"{file}.py")]
    return Contender(name, lambda: running(command, preexec=_on_first_core), measure)


def installed(measure: Measure) -> list[Contender]:
    """Return the peers whose library is there."""
    found = {name: file for name, file in LIBRARIES.items() if importlib.util.find_spec(name)}
    return [peer(name, file, measure) for name, file in found.items()]


def best_of(repetitions: int, contenders: list[Contender]) -> dict[str, float]:
    """Measure each contender in turn, so often, and return each one's least: noise only adds."""
    least: dict[str, float] = {}
    for number in range(1, repetitions + 1):
        for one in contenders:
            print(f"  {one.name}, {number} of {repetitions} …", file=sys.stderr, flush=True)
            with one.start() as server:
                value = one.measure(server)
            least[one.name] = min(value, least.get(one.name, value))
    return least


def compare(
    what: str, settings: Settings, contenders: list[Contender], bounds: dict[str, float]
) -> Iterator[Row]:
    """Yield our row, then each peer's with the ratio of ours to it; all values are µs."""
    least = best_of(settings.repetitions, contenders)
    mine = least.pop("ours")
    yield Row(what, "ours", mine, "µs")
    for name, value in least.items():
        yield Row("", name, value, "µs", mine / value, bounds.get(name))


def _on_first_core() -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})
