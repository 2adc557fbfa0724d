"""Rows: what the benchmark's table can show, what each row means, and what it is held to.

A bound in a row's own unit is ours; a bound beside a peer is on the ratio of ours to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from loadtests.benchmarks import crowds
from loadtests.benchmarks.contenders import CHATS, PLAIN_POLLING, Settings, beside, ours
from loadtests.benchmarks.fan import Way, fan
from loadtests.benchmarks.processor import ENVELOPE, ROOM, Paths, held_us, poll_us
from loadtests.benchmarks.samples import Contender, Measured, Row, measure
from loadtests.benchmarks.tls import TLS_ROWS

WEBSOCKET = f"{ROOM}/websocket?cursor=now"
EVENTS = f"{ROOM}/server-sent-events?cursor=now"
ROOMS = "/rooms/bench-%d/websocket?cursor=now"
OURS = Way(WEBSOCKET, WEBSOCKET, ENVELOPE, inspects=True)
OUR_EVENTS = Way(EVENTS, WEBSOCKET, ENVELOPE, upgrades=False, inspects=True)
THEIRS = Way("/chat", "/chat", "%s")
POLLING = Paths(crowds.LONG_POLLING, "now", crowds.POST)
PLAIN = Paths("/poll?cursor=", "0", "/messages")
AIOHTTP = CHATS[0]
RATES = {
    50: ("A lively room: there is time to send each message by itself.", {"aiohttp": 1.0}),
    300: (
        "A busy room, at the edge of what one send for each message and reader can do.",
        {"aiohttp": 0.6, "bare loop, C": 0.8},
    ),
    1000: (
        "More than one send for each can do: who doesn’t batch falls behind.",
        {"aiohttp": 0.25},
    ),
}


def websocket(rate: int, settings: Settings) -> Measured:
    """One room over WebSockets, beside peers that send the same texts to the same readers."""
    sizes: dict[str, Any] = {"readers": settings.of(500), "messages": settings.of(4 * rate)}
    sizes["rate"] = rate
    meaning, bounds = RATES[rate]
    title = f"{sizes['readers']} WebSockets, {rate} messages/s: server CPU a delivery"
    mine = Contender("ours", ours, partial(fan, way=OURS, **sizes))
    contenders = beside(settings, mine, partial(fan, way=THEIRS, **sizes), bounds)
    return measure(Row(f"websocket-{rate}", title, meaning, "µs"), contenders, settings.rounds)


def events(rate: int, settings: Settings) -> Measured:
    """The same room as event streams, beside the WebSockets of the same server."""
    sizes: dict[str, Any] = {"readers": settings.of(500), "messages": settings.of(4 * rate)}
    sizes["rate"] = rate
    title = f"{sizes['readers']} event streams, {rate} messages/s: server CPU a delivery"
    meaning = "Server-sent events go the same way as WebSocket frames, and cost the same."
    contenders = [
        Contender("ours", ours, partial(fan, way=OUR_EVENTS, **sizes)),
        Contender("ours, WebSocket", ours, partial(fan, way=OURS, **sizes), 1.1),
    ]
    return measure(Row(f"events-{rate}", title, meaning, "µs"), contenders, settings.rounds)


def long_poll(settings: Settings) -> Measured:
    """A long-poll delivery: release, response, and the next request held."""
    sizes: dict[str, Any] = {"readers": settings.of(300), "messages": settings.of(40)}
    title = f"{sizes['readers']} held polls: server CPU a delivery and the next request"
    meaning = "Each message costs a whole request for each reader: this is what makes long polling expensive."
    contenders = [
        Contender("ours", ours, partial(held_us, paths=POLLING, **sizes)),
        Contender(
            "plain Tornado", PLAIN_POLLING.start, partial(held_us, paths=PLAIN, **sizes), 0.9
        ),
    ]
    return measure(Row("long-poll", title, meaning, "µs"), contenders, settings.rounds)


def empty_poll(settings: Settings) -> Measured:
    """A poll that finds nothing new."""
    polls = settings.of(10_000)
    meaning = "What a reader of a quiet room costs at each interval."
    plain = partial(poll_us, path="/empty", polls=polls)
    contenders = [
        Contender("ours", ours, partial(poll_us, path=f"{ROOM}/short-polling", polls=polls)),
        Contender("plain Tornado", PLAIN_POLLING.start, plain, 0.9),
    ]
    row = Row("empty-poll", "An empty short poll: server CPU", meaning, "µs")
    return measure(row, contenders, settings.rounds)


def memory(name: str, path: str, bound: float, settings: Settings) -> Measured:
    """What a reader that waits costs in memory."""
    readers, upgraded = settings.of(2000), "websocket" in path
    mine = Contender(
        "ours", ours, partial(crowds.kib_each, path=path, upgraded=upgraded, readers=readers)
    )
    theirs = partial(crowds.kib_each, path="/chat", upgraded=True, readers=readers)
    contenders = beside(settings, mine, theirs, {}) if upgraded else [mine]
    meaning = "How many readers fit into a server’s memory; it doesn’t depend on the rate."
    row = Row(
        f"memory-{name}", f"{readers} idle readers: memory for each ({name})", meaning, "KiB", bound
    )
    return measure(row, contenders, settings.rounds)


def rooms(settings: Settings) -> Measured:
    """Many small rooms on one server."""
    sizes: dict[str, Any] = {"rooms": settings.of(1000), "seconds": 5}
    mine = Contender("ours", ours, partial(crowds.rooms_us, path=ROOMS, envelope=ENVELOPE, **sizes))
    theirs = partial(crowds.rooms_us, path="/chat?room=%d", envelope="%s", **sizes)
    contenders = [mine, Contender("aiohttp", AIOHTTP.start, theirs, 1.0)]
    title = f"{sizes['rooms']} rooms of 5 readers, 1 message/s in each: server CPU a delivery"
    meaning = "Many small conversations: most of the cost is taking a message in, not sending it."
    row = Row("rooms", title, meaning, "µs")
    return measure(row, contenders if AIOHTTP.installed else [mine], settings.rounds)


def crowd(settings: Settings) -> Measured:
    """One message to very many idle WebSockets."""
    readers = settings.of(10_000)
    sizes: dict[str, Any] = {"readers": readers}
    mine = Contender(
        "ours", ours, partial(crowds.reach_all_seconds, path=WEBSOCKET, envelope=ENVELOPE, **sizes)
    )
    theirs = partial(crowds.reach_all_seconds, path="/chat", envelope="%s", **sizes)
    meaning = "An announcement: how much later the last reader has it than the first."
    row = Row("crowd", f"One message reaches {readers} WebSockets", meaning, "s", 0.3)
    return measure(row, beside(settings, mine, theirs, {}), settings.rounds)


def slow_reader(settings: Settings) -> Measured:
    """A reader that never reads: what it costs the server, and the others."""
    messages = settings.of(20_000)
    growth = partial(crowds.growth_mib, messages=messages)
    contenders = [
        Contender("with a slow reader", ours, partial(growth, stalled=1)),
        Contender("without", ours, partial(growth, stalled=0)),
    ]
    title = f"{messages} messages of 2 kB and one reader that never reads: the server grows by"
    meaning = "A reader that sleeps costs no memory, and makes nobody late."
    return measure(Row("slow-reader", title, meaning, "MiB"), contenders, settings.rounds)


def stores(settings: Settings) -> Measured:
    """Acknowledged posts a second, 50 writers, for each store."""
    posts = partial(crowds.posts_a_second, posts=settings.of(5000), writers=50)
    contenders = [
        Contender("SQLite", partial(ours, "sqlite"), posts),
        Contender("memory", ours, posts),
        Contender("Redis", partial(ours, "redis"), posts),
    ]
    meaning = "What durability costs: group commit keeps many posts with one write to the disk."
    row = Row("stores", "Acknowledged posts, 50 writers", meaning, "1/s", at_least=True)
    return measure(row, contenders, settings.rounds)


def release(settings: Settings) -> Measured:
    """Very many held polls released by one message: how long the loop doesn't turn."""
    readers = settings.of(10_000)
    contenders = [Contender("ours", ours, partial(crowds.release_stall_ms, readers=readers))]
    meaning = "How long everybody else waits while all of them are answered."
    row = Row("release", f"{readers} held polls released: the longest stall", meaning, "ms", 30)
    return measure(row, contenders, settings.rounds)


ROWS: dict[str, Callable[[Settings], Measured]] = {
    **{f"websocket-{rate}": partial(websocket, rate) for rate in RATES},
    **{f"events-{rate}": partial(events, rate) for rate in RATES},
    "long-poll": long_poll,
    "empty-poll": empty_poll,
    "memory-websocket": partial(memory, "WebSocket", WEBSOCKET, 15),
    "memory-held": partial(memory, "held poll", f"{crowds.LONG_POLLING}now", 12.5),
    "memory-events": partial(memory, "event stream", EVENTS, 15),
    "rooms": rooms,
    "crowd": crowd,
    "slow-reader": slow_reader,
    "stores": stores,
    "release": release,
    **TLS_ROWS,
}
QUICK = (
    "websocket-300",
    "events-300",
    "long-poll",
    "empty-poll",
    "memory-websocket",
    "memory-held",
)
