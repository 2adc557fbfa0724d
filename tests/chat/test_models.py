"""Stores, log and room against models of a few lines, over histories that Hypothesis makes up and shrinks.

The model of a store is a list of drafts a room, of which the first with a key counts; that of a log is a range of ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.redis_server import RedisServer
from transports.log import Log
from transports.rooms import Rooms
from transports.store import Store
from transports.stores import make_store
from transports.wire import Batch, Cursor, Draft, Message

HISTORY = 5
ROOMS = st.sampled_from(["lobby", "other"])
KEYS = st.sampled_from([None, "a", "b", "c"])
TEXTS = st.sampled_from(["hi", " x ", "Zeile\n\u2028zwei", "🐙"])
DRAFTS = st.lists(st.tuples(ROOMS, TEXTS, KEYS), max_size=30)
exploring = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Model:
    """What a store has, in as few words as possible."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Draft]] = {"lobby": [], "other": []}

    def append(self, room: str, draft: Draft) -> tuple[int, bool]:
        """Return what a store answers to a draft: its id, and whether its key was there."""
        log = self.logs[room]
        keys = [one.key for one in log]
        if draft.key is not None and draft.key in keys:
            return keys.index(draft.key) + 1, True
        log.append(draft)
        return len(log), False

    def tail(self, room: str) -> list[tuple[int, str, str | None]]:
        """Return the retained messages."""
        log = self.logs[room]
        numbered = [(n, draft.text, draft.key) for n, draft in enumerate(log, start=1)]
        return numbered[-HISTORY:]


Run = Callable[[Callable[[Store, list[tuple[str, int]]], Awaitable[None]]], None]


@pytest.fixture(params=["memory", "sqlite", "redis"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a story with an empty store, and with the list of all that it reports as appended."""

    def of_kind(story: Callable[[Store, list[tuple[str, int]]], Awaitable[None]]) -> None:
        with TemporaryDirectory() as folder:
            asyncio.run(with_store(Path(folder), story))

    async def with_store(
        folder: Path, story: Callable[[Store, list[tuple[str, int]]], Awaitable[None]]
    ) -> None:
        if request.param == "redis":
            redis: RedisServer = request.getfixturevalue("redis")
            redis.client.flushall()
            address = redis.url
        else:
            address = {"memory": "memory", "sqlite": f"sqlite:{folder}/chat.db"}[request.param]
        store, appended = make_store(address, HISTORY), list[tuple[str, int]]()

        async def reset() -> None:
            appended.clear()  # Redis says so when it is opened

        await store.open(lambda room, message: appended.append((room, message.id)), reset)
        try:
            await story(store, appended)
        finally:
            await store.close()

    return of_kind


@exploring
@given(drafts=DRAFTS)
def test_a_store_answers_and_retains_as_its_model_does(
    run: Run, drafts: list[tuple[str, str, str | None]]
) -> None:
    async def story(store: Store, appended: list[tuple[str, int]]) -> None:
        model, expected = Model(), list[tuple[str, int]]()
        for room, text, key in drafts:
            draft = Draft("ann", text, key)
            answer = await store.append(room, draft)
            assert (answer.id, answer.duplicate) == model.append(room, draft)
            expected += [] if answer.duplicate else [(room, answer.id)]
            assert appended == expected
        for room in model.logs:
            tail = [(m.id, m.text, m.key) for m in await store.tail(room)]
            # A store may hide the keys that it made up itself.
            assert [(id, text) for id, text, _ in tail] == [one[:2] for one in model.tail(room)]

    run(story)


@exploring
@given(
    added=st.lists(st.integers(-2, 3), max_size=20),
    asked=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 7)), max_size=10),
)
def test_a_log_answers_any_cursor_as_a_range_of_ids_does(
    added: list[int], asked: list[tuple[int, int]]
) -> None:
    log, newest, oldest = Log("lobby", "e", HISTORY), 0, 1
    for step in added:  # 1: the next message; below: one that is there; above: some were lost
        id = max(1, newest + step)
        assert log.add(Message(id, "ann", "hi", 0.0)) == (id > newest)
        if id > newest:
            oldest = id if id > newest + 1 else max(oldest, id - HISTORY + 1)
            newest = id
    for id, limit in asked:
        batch = log.since(Cursor("e", id), limit)
        known = oldest - 1 <= id <= newest
        after = id if known else oldest - 1
        expected = list(range(after + 1, newest + 1))[:limit]
        assert [message.id for message in batch.messages] == expected
        assert batch.gap == (not known)
        assert batch.more == (after + limit < newest)


@exploring
@given(posted=st.lists(st.integers(0, 4), min_size=1, max_size=12), turns=st.integers(0, 3))
def test_subscribers_and_waiters_of_a_room_hear_every_message_once_and_in_order(
    posted: list[int], turns: int
) -> None:
    async def story() -> None:
        rooms = Rooms(make_store("memory", 1000), 1000)
        await rooms.open()
        room = await rooms.enter("lobby")
        pushed, cursor, waited = list[int](), room.cursor, list[int]()

        def push(batch: Batch) -> None:
            pushed.extend(message.id for message in batch.messages)

        room.subscribe(cursor, push)
        for count in posted:
            waiting = asyncio.ensure_future(room.wait(cursor, 0 if count == 0 else 3600))
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(count):
                await room.post(Draft("ann", "hi"))
            batch = await waiting
            waited += [message.id for message in batch.messages]
            cursor = batch.cursor
        waited += [message.id for message in room.since(cursor).messages]
        everything = list(range(1, sum(posted) + 1))
        while len(pushed) < len(everything):  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert pushed == waited == everything
        assert room.held == 0

    asyncio.run(story())
