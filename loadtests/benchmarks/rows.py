"""The rows of the table: each runs ours and its peers in turn, and keeps the best round of each.

`bound` is what this project holds itself to, as a ratio to the peer named in `who`, or in the row's own unit.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from loadtests.benchmarks import measures
from loadtests.benchmarks.servers import Server, ours, peer


@dataclass(frozen=True, slots=True)
class Settings:
    """How much work to do. `scale` multiplies readers and messages."""

    rounds: int = 3
    scale: float = 1.0

    def of(self, count: int) -> int:
        """Scale a count, to no less than 1."""
        return max(1, round(count * self.scale))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a value, and its ratio to ours (of a peer) with the bound on it."""

    what: str
    who: str
    value: float
    unit: str
    ratio: float | None = None
    bound: float | None = None
    at_least: float | None = None


Measure = Callable[[Server], float]
Contender = tuple[str, Callable[[], AbstractContextManager[Server]], Measure]


def best_of(rounds: int, contenders: list[Contender]) -> dict[str, float]:
    """Measure each contender once a round, in turn, and keep its least."""
    least: dict[str, float] = {}
    for number in range(1, rounds + 1):
        for who, start, measure in contenders:
            print(f"  {who}, round {number} of {rounds} …", file=sys.stderr, flush=True)
            with start() as server:
                value = measure(server)
            least[who] = min(value, least.get(who, value))
    return least


def compare(
    what: str, unit: str, least: dict[str, float], bounds: dict[str, float]
) -> Iterator[Row]:
    """Give our row, then each peer's with the ratio of ours to it."""
    mine = least.pop("ours")
    yield Row(what, "ours", mine, unit)
    for who, value in least.items():
        yield Row("", who, value, unit, mine / value, bounds.get(who))


def websocket(settings: Settings, rate: int, bounds: dict[str, float]) -> Iterator[Row]:
    """Server CPU a WebSocket delivery, beside peers that send the same texts to the same crowd."""
    readers, messages = settings.of(500), settings.of(4 * rate)

    def measured(path: str, envelope: str) -> Measure:
        return lambda server: measures.websocket_cpu(
            server, path, envelope, readers, messages, rate
        )

    chat = measured("/chat", "%s")
    contenders: list[Contender] = [
        ("ours", ours, measured("/rooms/bench/websocket?cursor=now", measures.ENVELOPE))
    ]
    contenders += [
        (name, _starter(file), chat)
        for name, file in (("aiohttp", "aiohttp_chat"), ("websockets", "websockets_chat"))
        if importlib.util.find_spec(name)
    ]
    contenders += [
        ("plain Tornado", _starter("plain_tornado"), chat),
        ("bare loop", _starter("bare_loop"), chat),
    ]
    what = f"CPU a WebSocket delivery, {readers} readers, {rate}/s"
    yield from compare(what, "µs", best_of(settings.rounds, contenders), bounds)


def websocket_calm(settings: Settings) -> Iterator[Row]:
    """50 messages a second."""
    return websocket(settings, 50, {"aiohttp": 1.1, "plain Tornado": 0.45})


def websocket_busy(settings: Settings) -> Iterator[Row]:
    """300 messages a second."""
    return websocket(settings, 300, {"aiohttp": 0.9})


def long_poll(settings: Settings) -> Iterator[Row]:
    """Server CPU a long-poll delivery: release, response, and the next request held."""
    readers, messages = settings.of(300), settings.of(40)
    mine = measures.Polled("/rooms/bench/long-polling?cursor=", "now", "/rooms/bench/messages")
    plain = measures.Polled("/poll?cursor=", "0", "/messages")
    contenders: list[Contender] = [
        ("ours", ours, lambda server: measures.held_cpu(server, mine, readers, messages)),
        (
            "plain Tornado",
            _starter("plain_polling"),
            lambda server: measures.held_cpu(server, plain, readers, messages),
        ),
    ]
    what = f"CPU a long-poll delivery, {readers} readers"
    yield from compare(what, "µs", best_of(settings.rounds, contenders), {"plain Tornado": 1.05})


def empty_poll(settings: Settings) -> Iterator[Row]:
    """Server CPU an empty short poll."""
    polls = settings.of(10_000)
    contenders: list[Contender] = [
        (
            "ours",
            ours,
            lambda server: measures.poll_cpu(server, "/rooms/bench/short-polling", polls),
        ),
        (
            "plain Tornado",
            _starter("plain_polling"),
            lambda server: measures.poll_cpu(server, "/empty", polls),
        ),
    ]
    yield from compare(
        "CPU an empty short poll",
        "µs",
        best_of(settings.rounds, contenders),
        {"plain Tornado": 1.1},
    )


def memory(settings: Settings) -> Iterator[Row]:
    """What an idle reader costs in memory."""
    readers = settings.of(2000)
    for what, path, upgraded in (
        ("memory an idle WebSocket", "/rooms/bench/websocket?cursor=now", True),
        ("memory a held poll", "/rooms/bench/long-polling?cursor=now", False),
    ):
        with ours() as server:
            value = measures.memory_each(server, path, readers, upgraded) / 1024
        yield Row(f"{what}, {readers} of them", "ours", value, "KiB", bound=18)


def crowd(settings: Settings) -> Iterator[Row]:
    """One message to very many idle WebSockets."""
    readers = settings.of(8000)
    with ours() as server:
        seconds = measures.reach_all_seconds(server, readers)
    yield Row(f"one message reaches {readers} WebSockets", "ours", seconds, "s", bound=2)


def slow_reader(settings: Settings) -> Iterator[Row]:
    """A reader that never reads: what it costs the server, and the others."""
    messages = settings.of(20_000)
    p95: dict[int, float] = {}
    grown: dict[int, int] = {}
    for _ in range(settings.rounds):
        for stalled in (0, 1):
            with ours() as server:
                delay, growth = measures.p95_and_growth(server, messages, stalled)
            p95[stalled] = min(delay, p95.get(stalled, delay))
            grown[stalled] = min(growth, grown.get(stalled, growth))
    more = max(0, grown[1] - grown[0]) / 2**20
    what = f"memory for a reader that never reads, {messages} × 2 kB"
    yield Row(what, "ours", more, "MiB", bound=1)
    yield Row("the others’ p95 beside it", "ours", p95[1], "ms", p95[1] / p95[0], 1.5)


def stores(settings: Settings) -> Iterator[Row]:
    """Acknowledged posts a second, 50 writers, SQLite beside memory."""
    posts = settings.of(5000)
    rates: dict[str, float] = {}
    for _ in range(settings.rounds):
        for store in ("sqlite", "memory"):
            with ours(store) as server:
                rate = measures.posts_a_second(server, posts, writers=50)
            rates[store] = max(rate, rates.get(store, 0.0))
    yield Row("acknowledged posts, 50 writers, SQLite", "ours", rates["sqlite"], "1/s")
    ratio = rates["sqlite"] / rates["memory"]
    yield Row("the same in memory", "ours", rates["memory"], "1/s", ratio, at_least=0.5)


def release(settings: Settings) -> Iterator[Row]:
    """Very many held polls released by one message: how long the loop doesn't turn."""
    readers = settings.of(2000)
    stalls = []
    for _ in range(settings.rounds):
        with ours() as server:
            stalls.append(measures.release_stall_ms(server, readers))
    yield Row(
        f"loop stall when {readers} held polls are released", "ours", min(stalls), "ms", bound=50
    )


def _starter(file: str) -> Callable[[], AbstractContextManager[Server]]:
    return lambda: peer(file)


ROWS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "websocket-50": websocket_calm,
    "websocket-300": websocket_busy,
    "long-poll": long_poll,
    "empty-poll": empty_poll,
    "memory": memory,
    "crowd": crowd,
    "slow-reader": slow_reader,
    "stores": stores,
    "release": release,
}
