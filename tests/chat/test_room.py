"""A room's three questions – since, wait, follow – and every interleaving in which a message could get lost.

No sockets here: what comes between two lines of the room is forced, loop turn by loop turn.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest

from tests.support.clients import Batch as Received
from tests.support.clients import Reader
from tests.support.in_process_server import Errors
from transports import room as room_module
from transports.fanout import Fanout
from transports.room import RELEASES_A_TURN, Room, Subscription
from transports.stores.memory import MemoryStore
from transports.wire import Batch, Cursor, Draft, Start

LONG = 60.0


async def opened(history: int = 1000, store: MemoryStore | None = None) -> Room:
    """A room with a memory store of its own."""
    store = store or MemoryStore(history, max(history, 1000))
    fanout = Fanout()
    fanout.rest_factor = 0.0  # the rest has tests of its own: test_fanout.py
    room = Room("lobby", store, history, fanout)

    async def reset() -> None:
        room.reset(await store.tail("lobby"))

    await store.open(lambda _, message: room.add(message), reset)
    return room


async def post(room: Room, *texts: str) -> None:
    for text in texts:
        await room.post(Draft("ann", text))


async def turns(count: int) -> None:
    """Let the event loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


def texts(*batches: Batch) -> list[str]:
    return [message.text for batch in batches for message in batch.messages]


class Subscriber:
    """A reader: which batches it was given, and whether it takes it at once or when the test says."""

    def __init__(self, slow: bool = False) -> None:
        self.slow = slow
        self.received: list[Batch] = []
        self.taking: list[asyncio.Future[None]] = []

    def push(self, batch: Batch) -> asyncio.Future[None] | None:
        self.received.append(batch)
        if not self.slow:
            return None
        self.taking.append(asyncio.get_running_loop().create_future())
        return self.taking[-1]

    async def take(self) -> None:
        """Take the batch that it still has in its hands."""
        self.taking[-1].set_result(None)
        await turns(3)

    @property
    def reader(self) -> Reader:
        reader = Reader()
        for batch in self.received:
            reader.take(Received(batch.json))
        return reader


# wait


async def test_nothing_can_come_between_nothing_there_and_held() -> None:
    room = await opened()
    waiting = asyncio.ensure_future(room.wait(room.cursor, LONG))
    await turns(1)
    assert room.held == 1  # in the very turn in which it looked
    await post(room, "hi")
    assert texts(await waiting) == ["hi"]


@pytest.mark.parametrize("turn", range(6))
async def test_a_message_that_comes_at_any_turn_of_the_loop_reaches_the_waiter(turn: int) -> None:
    room = await opened()
    waiting = asyncio.ensure_future(room.wait(room.cursor, LONG))
    await turns(turn)
    await post(room, "hi")
    assert texts(await asyncio.wait_for(waiting, 1)) == ["hi"]
    assert room.held == 0


async def test_a_waiter_that_is_cancelled_leaves_nothing_behind_at_any_turn() -> None:
    room = await opened()
    for turn in range(6):
        waiting = [asyncio.ensure_future(room.wait(room.cursor, LONG)) for _ in range(20)]
        await turns(turn)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert (room.held, room.readers) == (0, 0)


async def test_a_waiter_that_is_cancelled_in_the_turn_of_its_message_takes_nobodys_message() -> (
    None
):
    room = await opened()
    leaves, stays = (asyncio.ensure_future(room.wait(room.cursor, LONG)) for _ in range(2))
    await turns(1)
    await post(room, "hi")
    leaves.cancel()
    assert texts(await stays) == ["hi"]
    assert room.held == 0


async def test_a_reader_that_was_answered_is_not_kept_until_the_hold_would_have_ended() -> None:
    room = await opened()
    waiting = asyncio.ensure_future(room.wait(room.cursor, LONG))
    await turns(1)
    held = weakref.ref(next(iter(room._waiters)))
    await post(room, "hi")
    await waiting
    gc.collect()
    assert held() is None


async def test_after_its_time_a_waiter_gets_an_empty_batch_and_its_own_cursor() -> None:
    room = await opened()
    await post(room, "hi")
    batch = await room.wait(room.cursor, 0.001)
    assert (texts(batch), batch.gap, batch.cursor) == ([], False, room.cursor)
    assert room.held == 0


async def test_a_message_that_comes_in_the_turn_of_the_timeout_is_delivered() -> None:
    room = await opened()
    waiting = asyncio.ensure_future(room.wait(room.cursor, 0.01))
    await turns(1)
    asyncio.get_running_loop().call_later(0.01, room_post_now, room)
    batch = await waiting
    later = await room.wait(batch.cursor, LONG)
    assert texts(batch, later)[:1] == ["hi"]


def room_post_now(room: Room) -> None:
    asyncio.ensure_future(post(room, "hi", "ho")).add_done_callback(lambda posted: posted.result())


async def test_a_backlog_or_a_gap_is_answered_and_not_held() -> None:
    room = await opened(history=3)
    await post(room, *"abcde")
    assert texts(await room.wait(Cursor(room.cursor.epoch, 3), LONG)) == ["d", "e"]
    assert (await room.wait(Cursor(room.cursor.epoch, 1), LONG)).gap
    assert (await room.wait(Cursor("00000000", 0), LONG)).gap
    assert texts(await room.wait(Start.NEWEST, LONG)) == ["c", "d", "e"]


async def test_a_waiter_without_a_cursor_in_an_empty_room_receives_the_first_message() -> None:
    room = await opened()
    waiting = asyncio.ensure_future(room.wait(Start.NEWEST, LONG))
    await turns(1)
    await post(room, "first")
    assert texts(await waiting) == ["first"]


# release


async def test_many_held_requests_are_released_in_slices() -> None:
    room = await opened()
    all = 2 * RELEASES_A_TURN + 20
    many = [asyncio.ensure_future(room.wait(room.cursor, LONG)) for _ in range(all)]
    await turns(1)
    assert room.held == all
    await post(room, "hi")
    counts = []
    while room.held:
        await turns(1)
        counts.append(room.held)
    left = [count for n, count in enumerate(counts) if n == 0 or count != counts[n - 1]]
    assert left == [all, all - RELEASES_A_TURN, 20, 0]
    assert {text for batch in await asyncio.gather(*many) for text in texts(batch)} == {"hi"}


async def test_a_waiter_receives_also_what_comes_while_it_waits_for_its_slice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room_module, "RELEASES_A_TURN", 1)
    room = await opened()
    many = [asyncio.ensure_future(room.wait(room.cursor, LONG)) for _ in range(8)]
    await turns(1)
    await post(room, "one")
    await turns(4)
    await post(room, "two")
    answers = sorted([texts(await one) for one in many])
    assert answers[0] == ["one"]
    assert answers[-1] == ["one", "two"]
    assert all(each in (["one"], ["one", "two"]) for each in answers)


async def test_who_leaves_before_its_slice_is_released_harms_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room_module, "RELEASES_A_TURN", 2)
    room = await opened()
    many = [asyncio.ensure_future(room.wait(room.cursor, LONG)) for _ in range(9)]
    await turns(1)
    await post(room, "hi")
    await turns(3)
    for one in many[5:]:
        one.cancel()
    assert [texts(batch) for batch in await asyncio.gather(*many[:5])] == [["hi"]] * 5
    await turns(5)
    assert room.held == 0


async def test_release_answers_with_an_empty_batch_and_an_unchanged_cursor() -> None:
    room = await opened()
    await post(room, "hi")
    waiting = asyncio.ensure_future(room.wait(room.cursor, LONG))
    await turns(1)
    room.release()
    batch = await waiting
    assert (texts(batch), batch.cursor) == ([], room.cursor)


# follow


async def test_the_first_batch_is_pushed_at_once_even_when_it_is_empty() -> None:
    room, subscriber = await opened(), Subscriber()
    room.subscribe(Start.NEWEST, subscriber.push)
    assert [batch.has_news for batch in subscriber.received] == [False]


async def test_messages_of_one_loop_turn_go_out_as_one_batch() -> None:
    room, subscriber = await opened(), Subscriber()
    room.subscribe(room.cursor, subscriber.push)
    await asyncio.gather(*[room.post(Draft("ann", text)) for text in "abc"])
    await turns(3)
    assert [texts(batch) for batch in subscriber.received] == [[], ["a", "b", "c"]]


async def test_a_batch_is_made_once_for_all_readers_at_the_same_cursor() -> None:
    room = await opened()
    subscribers = [Subscriber() for _ in range(5)]
    for subscriber in subscribers:
        room.subscribe(room.cursor, subscriber.push)
    await post(room, "hi")
    await turns(3)
    assert len({id(subscriber.received[-1]) for subscriber in subscribers}) == 1


@pytest.mark.parametrize("from_the_beginning", [True, False])
async def test_a_reader_that_joins_while_a_push_is_pending_receives_each_message_once(
    from_the_beginning: bool,
) -> None:
    room, early, late = await opened(), Subscriber(), Subscriber()
    beginning = room.cursor
    room.subscribe(beginning, early.push)
    await post(room, "kept, and not delivered yet")
    assert len(early.received) == 1
    room.subscribe(beginning if from_the_beginning else room.cursor, late.push)
    await post(room, "after")
    await turns(3)
    assert early.reader.exact
    assert early.reader.ids == [1, 2]
    assert late.reader.exact
    assert late.reader.ids == ([1, 2] if from_the_beginning else [2])


async def test_one_readers_exception_ends_that_reader_alone(errors: Errors) -> None:
    room, before, after = await opened(), Subscriber(), Subscriber()

    def fail(batch: Batch) -> None:
        if batch.has_news:
            raise RuntimeError("a bug in one transport")

    room.subscribe(room.cursor, before.push)
    room.subscribe(room.cursor, fail)
    room.subscribe(room.cursor, after.push)
    ack = await room.post(Draft("ann", "hi"))
    await turns(3)
    await post(room, "ho")
    await turns(3)
    assert ack.id == 1
    assert before.reader.ids == after.reader.ids == [1, 2]
    assert room.readers == 2
    assert len(errors.take()) == 1


async def test_a_reader_that_fails_at_its_first_batch_never_stands_among_the_others(
    errors: Errors,
) -> None:
    room = await opened()

    def fail(batch: Batch) -> None:
        raise RuntimeError("at once")

    room.subscribe(room.cursor, fail)
    assert room.readers == 0
    assert len(errors.take()) == 1


async def test_a_slow_reader_falls_behind_in_the_log_and_catches_up_with_one_bigger_batch() -> None:
    room, slow, quick = await opened(), Subscriber(slow=True), Subscriber()
    room.subscribe(room.cursor, slow.push)
    room.subscribe(room.cursor, quick.push)
    await slow.take()
    for n in range(30):
        await post(room, f"{n}")
        await turns(3)
    assert len(slow.received) == 2  # the first message's batch is still in its hands
    assert len(quick.received) == 31
    await slow.take()
    await slow.take()
    assert [len(batch.messages) for batch in slow.received] == [0, 1, 29]
    assert slow.reader.ids == quick.reader.ids
    await post(room, "now it keeps up")
    await turns(3)
    assert texts(slow.received[-1]) == ["now it keeps up"]


async def test_a_reader_that_the_history_has_passed_learns_of_its_gap() -> None:
    room, slow = await opened(history=5), Subscriber(slow=True)
    room.subscribe(room.cursor, slow.push)
    await post(room, *[f"{n}" for n in range(20)])
    await slow.take()
    batch = slow.received[-1]
    assert (batch.gap, texts(batch)) == (True, ["15", "16", "17", "18", "19"])


async def test_more_messages_in_one_turn_than_the_history_has_are_a_gap_for_every_reader() -> None:
    room, subscriber = await opened(history=5), Subscriber()
    room.subscribe(room.cursor, subscriber.push)
    await asyncio.gather(*[room.post(Draft("ann", f"{n}")) for n in range(20)])
    await turns(3)
    assert (subscriber.reader.gaps, subscriber.reader.ids) == (1, [16, 17, 18, 19, 20])


async def test_a_burst_longer_than_a_batch_is_pushed_batch_after_batch() -> None:
    room, subscriber, slow = await opened(), Subscriber(), Subscriber(slow=True)
    room.subscribe(room.cursor, subscriber.push)
    room.subscribe(room.cursor, slow.push)
    await asyncio.gather(*[room.post(Draft("ann", f"{n}")) for n in range(250)])
    await turns(3)
    assert [(len(batch.messages), batch.more) for batch in subscriber.received[1:]] == [
        (100, True), (100, True), (50, False),
    ]  # fmt: skip
    for _ in range(4):
        await slow.take()
    assert slow.reader.ids == subscriber.reader.ids == list(range(1, 251))


async def test_a_reader_that_leaves_with_a_batch_in_its_hands_gets_nothing_more() -> None:
    room, slow = await opened(), Subscriber(slow=True)
    subscription = room.subscribe(room.cursor, slow.push)
    await post(room, "hi")
    subscription.cancel()
    subscription.cancel()
    await slow.take()
    assert len(slow.received) == 1
    assert room.readers == 0


@pytest.mark.parametrize(
    "end", [asyncio.Future.cancel, lambda taken: taken.set_exception(OSError())]
)
async def test_a_reader_whose_wire_breaks_under_a_batch_is_gone(
    end: Callable[[asyncio.Future[None]], object],
) -> None:
    room, slow = await opened(), Subscriber(slow=True)
    room.subscribe(room.cursor, slow.push)
    end(slow.taking[-1])
    await turns(3)
    assert room.readers == 0


async def test_a_reader_that_leaves_while_another_is_pushed_to_harms_nobody() -> None:
    room, last = await opened(), Subscriber()
    leaving: list[Subscription] = []

    def push(batch: Batch) -> None:
        if batch.has_news:
            leaving[0].leave()

    leaving.append(room.subscribe(room.cursor, push))
    room.subscribe(room.cursor, last.push)
    await post(room, "hi", "ho")
    await turns(3)
    assert last.reader.ids == [1, 2]
    assert room.readers == 1


async def test_held_requests_and_subscriptions_receive_the_same_message() -> None:
    room, subscriber = await opened(), Subscriber()
    room.subscribe(room.cursor, subscriber.push)
    waiting = asyncio.ensure_future(room.wait(room.cursor, LONG))
    await turns(1)
    await post(room, "hi")
    assert (await waiting).json == subscriber.received[-1].json


# reset


class Forgetful(MemoryStore):
    """A memory store that can begin a new life, as a store does that lives elsewhere and is started afresh."""

    def forget(self) -> None:
        self.epoch = "00000000"
        self._logs.clear()


async def test_a_log_that_begins_a_new_life_is_a_gap_for_all_who_are_here() -> None:
    store = Forgetful(1000, 1000)
    room, subscriber = await opened(store=store), Subscriber()
    await post(room, "old", "older")
    room.subscribe(room.cursor, subscriber.push)
    waiting = asyncio.ensure_future(room.wait(room.cursor, LONG))
    await turns(1)
    store.forget()
    room.reset(await store.tail("lobby"))
    batch = await asyncio.wait_for(waiting, 1)
    assert (batch.gap, batch.cursor) == (True, room.cursor)
    assert subscriber.received[-1].gap
    await post(room, "new")
    await turns(3)
    assert (subscriber.reader.ids, subscriber.reader.gaps) == ([1], 1)


async def test_the_history_is_no_longer_than_it_may_be() -> None:
    room = await opened(history=7)
    await post(room, *[f"{n}" for n in range(50)])
    assert len(room.log) == 7
    assert texts(room.since(Start.NEWEST)) == [f"{n}" for n in range(43, 50)]
