"""One log in Redis, many processes: two stores on one Redis, as two processes have them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.support.redis_server import RedisServer
from tests.support.waiting import PATIENCE_SECONDS
from transports.rooms import Rooms
from transports.store import Unavailable
from transports.stores import make_store
from transports.stores.redis import READS_AT_ONCE
from transports.wire import Ack, Batch, Cursor, Draft, Start

HISTORY = 50


@asynccontextmanager
async def process(redis: RedisServer) -> AsyncIterator[Rooms]:
    """What a process has: its rooms, on a store of its own."""
    rooms = Rooms(make_store(redis.url, HISTORY), HISTORY)
    await rooms.open()
    try:
        yield rooms
    finally:
        await rooms.store.close()


async def post(rooms: Rooms, text: str, key: str | None = None, room: str = "lobby") -> Ack:
    return await (await rooms.enter(room)).post(Draft("ann", text, key))


def texts(batch: Batch) -> list[str]:
    return [message.text for message in batch.messages]


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await true():  # noqa: ASYNC110 (another process has no event of ours)
            await asyncio.sleep(0.01)


async def is_away(rooms: Rooms) -> bool:
    try:
        await rooms.store.check()
    except Unavailable:
        return True
    return False


async def is_back(rooms: Rooms) -> bool:
    return not await is_away(rooms)


def elsewhere(redis: RedisServer, work: Callable[[Rooms], Awaitable[None]]) -> None:
    """Run `work` in another process's place while this event loop stands still."""

    async def run() -> None:
        async with process(redis) as rooms:
            await work(rooms)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    thread.join()


def test_many_rooms_at_once_are_all_read_and_few_connections_do_it(redis: RedisServer) -> None:
    async def many() -> None:
        async with process(redis) as rooms:
            before = redis.client.info("clients")["connected_clients"]
            entered = await asyncio.gather(*(rooms.enter(f"r{n}") for n in range(500)))
            assert len(entered) == 500
            after = redis.client.info("clients")["connected_clients"]
            assert after <= before + READS_AT_ONCE

    asyncio.run(many())


def test_a_message_posted_in_one_process_reaches_who_reads_in_another(redis: RedisServer) -> None:
    async def run() -> None:
        async with process(redis) as a, process(redis) as b:
            here, there = await a.enter("lobby"), await b.enter("lobby")
            held = asyncio.create_task(there.wait(Start.NOW, 10))
            await asyncio.sleep(0)
            ack = await post(a, "hi", "k-1")
            batch = await held
            assert (batch.cursor, texts(batch)) == (ack.cursor, ["hi"])
            assert batch.messages[0].json == here.since(Start.NEWEST).messages[0].json

    asyncio.run(run())


def test_an_ack_is_given_when_its_own_process_has_the_message(redis: RedisServer) -> None:
    async def run() -> None:
        async with process(redis) as rooms:
            room = await rooms.enter("lobby")
            for n in range(20):
                ack = await post(rooms, str(n))
                assert room.cursor == ack.cursor

    asyncio.run(run())


def test_numbers_have_no_holes_and_keys_count_once_whoever_posts(redis: RedisServer) -> None:
    async def run() -> None:
        async with process(redis) as a, process(redis) as b:
            acks = await asyncio.gather(
                *[post(rooms, str(n), f"k-{n}") for n in range(200) for rooms in (a, b)]
            )
            assert sorted(ack.id for ack in acks if not ack.duplicate) == list(range(1, 201))
            assert len({ack.id for ack in acks}) == 200
            assert texts((await a.enter("lobby")).since(Start.NEWEST)) == texts(
                (await b.enter("lobby")).since(Start.NEWEST)
            )

    asyncio.run(run())


def test_the_log_is_trimmed_to_its_history_and_keys_are_known_for_1000_messages(
    redis: RedisServer,
) -> None:
    async def run() -> None:
        async with process(redis) as rooms:
            await asyncio.gather(*[post(rooms, str(n), f"k-{n}") for n in range(1, 1011)])
            assert redis.client.xlen("chat:log:lobby") == HISTORY
            assert (await post(rooms, "11", "k-11")).id == 11
            assert (await post(rooms, "10", "k-10")).duplicate is False

    asyncio.run(run())


def test_a_process_that_starts_later_has_the_history_and_the_same_epoch(
    redis: RedisServer,
) -> None:
    async def run() -> None:
        async with process(redis) as a:
            acks = [await post(a, str(n)) for n in range(60)]
        async with process(redis) as b:
            room = await b.enter("lobby")
            assert texts(room.since(acks[54].cursor)) == ["55", "56", "57", "58", "59"]
            assert room.since(acks[5].cursor).gap

    asyncio.run(run())


def test_a_cursor_from_another_process_is_no_gap_though_this_one_has_not_heard_yet(
    redis: RedisServer,
) -> None:
    async def run() -> None:
        async with process(redis) as rooms:
            before = await post(rooms, "one")
            ahead = Cursor(before.cursor.epoch, 3)

            async def post_twice(rooms: Rooms) -> None:
                await post(rooms, "two")
                await post(rooms, "three")

            elsewhere(redis, post_twice)
            room = await rooms.enter("lobby")
            assert not room.log.reaches(ahead)  # or this test would prove nothing
            room = await rooms.enter("lobby", ahead)
            batch = room.since(ahead)
            assert (batch.gap, batch.cursor) == (False, ahead)

    asyncio.run(run())


def test_a_cursor_ahead_of_the_log_is_a_gap_at_once(redis: RedisServer) -> None:
    async def run() -> None:
        async with process(redis) as rooms:
            ack = await post(rooms, "one")
            ahead = Cursor(ack.cursor.epoch, 99)
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await rooms.enter("lobby", ahead)).since(ahead).gap

    asyncio.run(run())


def test_what_was_trimmed_from_the_feed_before_it_was_read_is_read_from_the_log(
    redis: RedisServer,
) -> None:
    async def run() -> None:
        async with process(redis) as rooms:
            first = await post(rooms, "0")
            room = await rooms.enter("lobby")
            held = asyncio.create_task(room.wait(first.cursor, 10))
            await asyncio.sleep(0)

            async def post_many(rooms: Rooms) -> None:
                for n in range(1, 31):
                    await post(rooms, str(n))
                redis.client.xtrim("chat:feed", maxlen=1, approximate=False)

            elsewhere(redis, post_many)
            batch = await held
            seen = [*texts(batch)]
            while len(seen) < 30:
                batch = await room.wait(batch.cursor, 10)
                assert not batch.gap
                seen += texts(batch)
            assert seen == [str(n) for n in range(1, 31)]

    asyncio.run(run())


FOREIGN: list[dict[str | bytes, str | bytes]] = [
    {"hello": "world"},
    {"number": "x", "room": "lobby", "id": "2", "author": "a", "text": "t", "sent_at": "1"},
    {"id": "2", "author": "mallory"},
    {"id": "-2", "author": "mallory", "text": "t", "sent_at": "nan"},
    {b"\xff": b"\xff"},
]


@pytest.mark.parametrize("stream", ["chat:log:lobby", "chat:feed"])
def test_foreign_entries_are_skipped_and_logged_once(
    redis: RedisServer, stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with process(redis) as a, process(redis) as b:
            await post(a, "one")
            for entry in FOREIGN:
                redis.client.xadd(stream, entry)  # type: ignore[arg-type]
            await post(a, "two")
            await b.store.sync()
            for rooms in (a, b):
                room = await rooms.enter("lobby")
                assert texts(room.since(Start.NEWEST)) == ["one", "two"]
            assert (await post(b, "three")).id == 3

    asyncio.run(run())
    said = [record for record in caplog.records if "not ours" in record.getMessage()]
    assert len(said) == (2 if stream == "chat:feed" else 1)  # once in each process that read it


def test_without_redis_reading_goes_on_and_what_was_acknowledged_is_there_afterwards(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with process(own_redis) as a, process(own_redis) as b:
            room = await b.enter("lobby")
            before = await post(a, "before", "k")
            own_redis.kill()
            await until(lambda: is_away(a))
            await until(lambda: is_away(b))
            with pytest.raises(Unavailable):
                await post(a, "meanwhile")
            assert texts(room.since(Start.NEWEST)) == ["before"]
            own_redis.start()
            await until(lambda: is_back(a))
            await until(lambda: is_back(b))
            held = asyncio.create_task(room.wait(before.cursor, 10))
            after = await post(a, "after")
            assert (await post(a, "before", "k")).duplicate
            assert (after.cursor.epoch, after.id) == (before.cursor.epoch, 2)
            assert texts(await held) == ["after"]

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    logged = [record.getMessage() for record in caplog.records]
    assert len([line for line in logged if "trying again" in line]) == 2
    assert len([line for line in logged if "is back" in line]) == 2


def test_a_redis_that_comes_back_empty_begins_a_new_life(own_redis: RedisServer) -> None:
    async def run() -> None:
        async with process(own_redis) as a, process(own_redis) as b:
            old = await post(a, "old", "k")
            held = asyncio.create_task((await b.enter("lobby")).wait(old.cursor, 3600))
            pushed: list[Batch] = []
            (await a.enter("lobby")).subscribe(old.cursor, pushed.append)
            own_redis.kill()
            own_redis.forget()
            own_redis.start()
            batch = await held
            assert (batch.gap, batch.messages) == (True, ())
            assert batch.cursor.epoch != old.cursor.epoch
            await until(lambda: is_back(a))
            new = await post(a, "new", "k")
            assert (new.id, new.duplicate) == (1, False)
            assert new.cursor.epoch == batch.cursor.epoch
            await asyncio.sleep(0)
            assert [batch.gap for batch in pushed] == [False, True, False]

    asyncio.run(run())


def test_a_redis_that_is_emptied_while_it_runs_begins_a_new_life(redis: RedisServer) -> None:
    async def run() -> None:
        async with process(redis) as a, process(redis) as b:
            old = await post(a, "old")
            held = asyncio.create_task((await b.enter("lobby")).wait(old.cursor, 3600))
            await asyncio.sleep(0)
            redis.client.flushall()
            new = await post(a, "new")
            assert (new.id, new.cursor.epoch == old.cursor.epoch) == (1, False)
            batch = await held
            assert (batch.gap, batch.cursor.epoch) == (True, new.cursor.epoch)

    asyncio.run(run())


def test_an_idle_room_learns_of_it_too(redis: RedisServer) -> None:
    async def run() -> None:
        async with process(redis) as rooms:
            old = await post(rooms, "old")
            held = asyncio.create_task((await rooms.enter("lobby")).wait(old.cursor, 3600))
            await asyncio.sleep(0)
            redis.client.flushall()
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await held).gap

    asyncio.run(run())


def test_a_redis_that_lost_the_end_of_its_log_begins_a_new_life(own_redis: RedisServer) -> None:
    async def run() -> None:
        async with process(own_redis) as rooms:
            own_redis.client.config_set("appendonly", "no")
            own_redis.client.save()  # what a crash without an append-only file leaves: the last snapshot
            old = await post(rooms, "seen by its readers, and lost")
            held = asyncio.create_task((await rooms.enter("lobby")).wait(old.cursor, 3600))
            own_redis.kill()
            own_redis.forget()
            own_redis.start("--appendonly", "no")
            batch = await held
            assert (batch.gap, batch.cursor.epoch == old.cursor.epoch) == (True, False)

    asyncio.run(run())


def test_a_redis_that_hangs_is_away_too(own_redis: RedisServer) -> None:
    async def run() -> None:
        async with process(own_redis) as rooms:
            os.kill(own_redis.process.pid, signal.SIGSTOP)
            with pytest.raises(Unavailable):
                await post(rooms, "is anybody there?")
            os.kill(own_redis.process.pid, signal.SIGCONT)
            await until(lambda: is_back(rooms))
            await post(rooms, "good")

    asyncio.run(run())
