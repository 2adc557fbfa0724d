"""The queue bridge: at least once on the queue, once in the room, whichever process dies in between."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

from tests.support import server_process
from tests.support.clients import joined
from tests.support.http import fetch
from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerProcess
from tests.support.waiting import wait_until

QUEUE, DEAD = "chat:ingest", "chat:ingest:dead"


def put(redis: RedisServer, *entries: dict[Any, Any]) -> None:
    """Put entries on the queue, as any program would."""
    with redis.client.pipeline(transaction=False) as pipe:
        for entry in entries:
            pipe.xadd(QUEUE, entry)
        pipe.execute()


def order(n: int, **fields: str) -> dict[str, str]:
    """What a shop puts on the queue."""
    room = f"customer-{n % 20}"
    return {"room": room, "author": "shop", "text": f"order {n}", "key": f"order-{n}", **fields}


def kept(redis: RedisServer, room: str) -> list[dict[str, str]]:
    """Give what a room has, from Redis itself."""
    return [fields for _, fields in redis.client.xrange(f"chat:log:{room}")]


def is_done(redis: RedisServer) -> bool:
    return bool(
        redis.client.xlen(QUEUE) == 0 and redis.client.xpending(QUEUE, "chat")["pending"] == 0
    )


def inspect(server: ServerProcess) -> dict[str, Any]:
    report: dict[str, Any] = fetch(f"{server.url}/inspect").json
    return report


def test_an_entry_reaches_who_reads_the_room(
    redis: RedisServer, process: Callable[..., ServerProcess]
) -> None:
    put(redis, order(1, room="lobby", text="before anybody came"))
    server = process(f"--store={redis.url}")

    async def read() -> list[str]:
        async with joined(server.url, "long-polling") as client:
            texts: list[str] = []
            while len(texts) < 2:
                texts += (await client.receive()).texts
                if texts == ["before anybody came"]:
                    put(redis, order(2, room="lobby", text="Paket für 🐙"))
            return texts

    assert asyncio.run(read()) == ["before anybody came", "Paket für 🐙"]


def test_a_key_counts_once_and_an_entry_without_one_has_its_own_id(
    redis: RedisServer, process: Callable[..., ServerProcess]
) -> None:
    server = process(f"--store={redis.url}")
    put(redis, order(1, room="lobby"), order(1, room="lobby"), order(2, room="lobby"))
    put(redis, {"room": "lobby", "author": "shop", "text": "no key", "more": "is ignored"})
    wait_until(lambda: is_done(redis))
    keys = [fields["key"] for fields in kept(redis, "lobby")]
    assert keys[:2] == ["order-1", "order-2"]
    assert keys[2].partition("-")[0].isdecimal()
    wait_until(lambda: inspect(server)["queue_taken"] == 4)  # counted after they are done
    assert inspect(server)["messages"] == 3


def test_entries_keep_their_order_where_one_process_takes_all_in(
    redis: RedisServer, process: Callable[..., ServerProcess]
) -> None:
    process(f"--store={redis.url}")
    put(redis, *[order(n, room="lobby") for n in range(300)])
    wait_until(lambda: is_done(redis))
    assert [m["text"] for m in kept(redis, "lobby")] == [f"order {n}" for n in range(300)]


def test_two_bridges_one_killed_in_the_middle_take_in_each_entry_once(
    redis: RedisServer, process: Callable[..., ServerProcess]
) -> None:
    survivor, victim = process(f"--store={redis.url}"), server_process.start(f"--store={redis.url}")
    for server in (survivor, victim):
        os.kill(server.process.pid, signal.SIGSTOP)
    put(redis, *[order(n) for n in range(2000)], *[order(n) for n in range(0, 2000, 20)])
    for server in (survivor, victim):
        os.kill(server.process.pid, signal.SIGCONT)
    wait_until(lambda: redis.client.xlen(QUEUE) < 1200)
    with victim.process:
        victim.process.kill()
    wait_until(lambda: is_done(redis))
    for customer in range(20):
        texts = [message["text"] for message in kept(redis, f"customer-{customer}")]
        assert sorted(texts) == sorted(f"order {n}" for n in range(customer, 2000, 20))


POISON: list[tuple[dict[Any, Any], str]] = [
    ({"room": "lobby", "author": "shop"}, "“text” is missing"),
    ({"room": "Not A Room", "author": "shop", "text": "x"}, "“room” must be"),
    ({"room": "lobby", "author": "shop", "text": "x" * 2001}, "2000 characters"),
    ({"room": "lobby", "author": "shop", "text": b"\xff"}, "UTF-8"),
    ({"room": "lobby", "author": "shop", "text": "x", "key": " "}, "“key”"),
]


def test_poison_is_set_aside_with_its_reason_after_five_tries_and_holds_up_nobody(
    redis: RedisServer, process: Callable[..., ServerProcess]
) -> None:
    server = process(f"--store={redis.url}")
    put(redis, *[entry for entry, _ in POISON], order(1, room="lobby"))
    wait_until(lambda: len(kept(redis, "lobby")) == 1)
    assert redis.client.xlen(DEAD) == 0  # not at once: the good one is there before
    wait_until(lambda: is_done(redis))
    raw = type(redis.client)(port=redis.port)  # one of them is not UTF-8
    dead = sorted([fields for _, fields in raw.xrange(DEAD)], key=lambda fields: fields[b"entry"])
    raw.close()
    assert [fields[b"tries"] for fields in dead] == [b"5"] * len(POISON)
    for fields, (entry, reason) in zip(dead, POISON, strict=True):
        assert reason in fields[b"reason"].decode()
        assert fields[b"author"] == entry["author"].encode()
    assert inspect(server)["queue_dead"] == len(POISON)
    metrics = fetch(f"{server.url}/metrics").body.decode()
    assert f"chat_queue_dead_total {len(POISON)}.0" in metrics


def test_the_bridge_goes_on_when_redis_is_back_with_its_data_and_without(
    own_redis: RedisServer, process: Callable[..., ServerProcess]
) -> None:
    redis = own_redis
    process(f"--store={redis.url}")
    put(redis, *[order(n, room="lobby") for n in range(200)])
    wait_until(lambda: len(kept(redis, "lobby")) > 0)
    redis.kill()
    redis.start()
    wait_until(lambda: is_done(redis))
    texts = [message["text"] for message in kept(redis, "lobby")]
    assert sorted(texts) == sorted(f"order {n}" for n in range(200))
    redis.client.flushall()
    put(redis, order(1, room="lobby"))
    wait_until(lambda: len(kept(redis, "lobby")) == 1)
