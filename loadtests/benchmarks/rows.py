"""Rows: what the benchmark's table can show, and what each row is held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from loadtests.benchmarks import crowds, processor
from loadtests.benchmarks.contenders import (
    Contender,
    Row,
    Settings,
    compare,
    installed,
    ours,
    peer,
)
from loadtests.benchmarks.processor import ENVELOPE, Paths

WEBSOCKET = Paths(crowds.WEBSOCKET, "now", ENVELOPE)
PEERS_WEBSOCKET = Paths("/chat", "", "%s")
POLLING = Paths(crowds.LONG_POLLING, "now", crowds.POST)
PEERS_POLLING = Paths("/poll?cursor=", "0", "/messages")


def websocket(rate: int, bounds: dict[str, float], settings: Settings) -> Iterator[Row]:
    """Server CPU a WebSocket delivery, beside peers that send the same texts to the same readers."""
    readers, messages = settings.of(500), settings.of(4 * rate)
    sizes: dict[str, Any] = {"readers": readers, "messages": messages, "rate": rate}
    chat = partial(processor.websocket_us, paths=PEERS_WEBSOCKET, **sizes)
    contenders = [
        Contender("ours", ours, partial(processor.websocket_us, paths=WEBSOCKET, **sizes)),
        *installed(chat),
        peer("plain Tornado", "plain_tornado", chat),
        peer("bare loop", "bare_loop", chat),
    ]
    what = f"CPU a WebSocket delivery, {readers} readers, {rate}/s"
    yield from compare(what, settings, contenders, bounds)


def long_poll(settings: Settings) -> Iterator[Row]:
    """Server CPU a long-poll delivery: release, response, and the next request held."""
    sizes: dict[str, Any] = {"readers": settings.of(300), "messages": settings.of(40)}
    plain = partial(processor.held_us, paths=PEERS_POLLING, **sizes)
    contenders = [
        Contender("ours", ours, partial(processor.held_us, paths=POLLING, **sizes)),
        peer("plain Tornado", "plain_polling", plain),
    ]
    what = f"CPU a long-poll delivery, {sizes['readers']} readers"
    yield from compare(what, settings, contenders, {"plain Tornado": 1.05})


def empty_poll(settings: Settings) -> Iterator[Row]:
    """Server CPU an empty short poll."""
    polls = settings.of(10_000)
    path = f"{processor.ROOM}/short-polling"
    contenders = [
        Contender("ours", ours, partial(processor.poll_us, path=path, polls=polls)),
        peer(
            "plain Tornado", "plain_polling", partial(processor.poll_us, path="/empty", polls=polls)
        ),
    ]
    yield from compare("CPU an empty short poll", settings, contenders, {"plain Tornado": 1.1})


def memory(settings: Settings) -> Iterator[Row]:
    """What an idle reader costs in memory."""
    readers = settings.of(2000)
    for what, upgraded in (("an idle WebSocket", True), ("a held poll", False)):
        with ours() as server:
            value = crowds.bytes_each(server, upgraded, readers) / 1024
        yield Row(f"memory {what}, {readers} of them", "ours", value, "KiB", bound=18)


def many_readers(settings: Settings) -> Iterator[Row]:
    """One message to very many idle WebSockets."""
    readers = settings.of(8000)
    with ours() as server:
        seconds = crowds.reach_all_seconds(server, readers)
    yield Row(f"one message reaches {readers} WebSockets", "ours", seconds, "s", bound=2)


def slow_reader(settings: Settings) -> Iterator[Row]:
    """A reader that never reads: what it costs the server, and the others."""
    messages = settings.of(20_000)
    p95: dict[int, float] = {}
    grown: dict[int, int] = {}
    for _ in range(settings.repetitions):
        for stalled in (0, 1):
            with ours() as server:
                delay, growth = crowds.p95_and_growth(server, messages, stalled)
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
    for _ in range(settings.repetitions):
        for store in ("sqlite", "memory"):
            with ours(store) as server:
                rate = crowds.posts_a_second(server, posts, writers=50)
            rates[store] = max(rate, rates.get(store, 0.0))
    yield Row("acknowledged posts, 50 writers, SQLite", "ours", rates["sqlite"], "1/s")
    ratio = rates["sqlite"] / rates["memory"]
    yield Row("the same in memory", "ours", rates["memory"], "1/s", ratio, at_least=0.5)


def release(settings: Settings) -> Iterator[Row]:
    """Very many held polls released by one message: how long the loop doesn't turn."""
    readers = settings.of(2000)
    stalls = []
    for _ in range(settings.repetitions):
        with ours() as server:
            stalls.append(crowds.release_stall_ms(server, readers))
    what = f"loop stall when {readers} held polls are released"
    yield Row(what, "ours", min(stalls), "ms", bound=50)


ROWS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "websocket-50": partial(websocket, 50, {"aiohttp": 1.1, "plain Tornado": 0.45}),
    "websocket-300": partial(websocket, 300, {"aiohttp": 0.9}),
    "long-poll": long_poll,
    "empty-poll": empty_poll,
    "memory": memory,
    "crowd": many_readers,
    "slow-reader": slow_reader,
    "stores": stores,
    "release": release,
}
