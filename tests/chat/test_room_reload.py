"""A store that begins a new life, or lost count of the old one: what readers get at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from transports.rooms import Rooms
from transports.store import Appended, Store, Unavailable
from transports.wire import Batch, Cursor, Draft, Message, Start

OLD, NEW = "00000001", "00000002"


class OpenStore(Store):
    """Logs that a test may change under the room's feet; `gate` closed, it takes its time to give them."""

    async def open(
        self, on_append: Callable[[str, Message], None], on_reset: Callable[[], Awaitable[None]]
    ) -> None:
        self.on_append, self.on_reset = on_append, on_reset
        self.epoch = OLD
        self.log: list[Message] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = False

    async def tail(self, room: str) -> list[Message]:
        tail = list(self.log)
        await self.gate.wait()
        if self.away:
            raise Unavailable("away")
        return tail

    async def append(self, room: str, draft: Draft) -> Appended:
        message = Message(len(self.log) + 1, draft.author, draft.text, 0.0)
        self.log.append(message)
        self.on_append(room, message)
        return Appended(message.id, duplicate=False)

    async def check(self) -> None: ...

    async def close(self) -> None: ...

    async def begin_anew(self, *texts: str) -> None:
        self.epoch = NEW
        self.log = [Message(id, "ann", text, 0.0) for id, text in enumerate(texts, start=1)]
        await self.on_reset()


async def opened(*texts: str) -> tuple[OpenStore, Rooms]:
    """Give a store and the rooms on it; the lobby is in memory, with messages."""
    store = OpenStore()
    rooms = Rooms(store, history=100)
    await rooms.open()
    lobby = await rooms.enter("lobby")
    for text in texts:
        await lobby.post(Draft("ann", text))
    return store, rooms


def texts(batch: Batch) -> list[str]:
    return [message.text for message in batch.messages]


def test_a_held_request_is_released_with_a_gap_when_a_new_life_begins() -> None:
    async def run() -> Batch:
        store, rooms = await opened("one", "two")
        held = asyncio.create_task((await rooms.enter("lobby")).wait(Cursor(OLD, 2), 60))
        await asyncio.sleep(0)
        await store.begin_anew("first again")
        return await held

    batch = asyncio.run(run())
    assert (batch.gap, batch.cursor, texts(batch)) == (True, Cursor(NEW, 1), ["first again"])


@pytest.mark.parametrize("again", [(), ("one",), ("one", "two", "three")])
def test_followers_are_pushed_one_gap_and_then_go_on_in_the_new_life(
    again: tuple[str, ...],
) -> None:
    async def run() -> list[Batch]:
        store, rooms = await opened("one", "two")
        pushed: list[Batch] = []
        lobby = await rooms.enter("lobby")
        lobby.subscribe(Cursor(OLD, 2), pushed.append)
        await store.begin_anew(*again)
        await lobby.post(Draft("ann", "next"))
        await asyncio.sleep(0)
        return pushed

    first, *later = asyncio.run(run())
    assert (first.gap, first.messages) == (False, ())
    assert later[0].gap
    assert not any(batch.gap for batch in later[1:])
    assert [text for batch in later for text in texts(batch)] == [*again, "next"]


def test_a_busy_follower_learns_of_the_gap_when_it_has_taken_its_batch() -> None:
    async def run() -> list[Batch]:
        store, rooms = await opened("one")
        pushed: list[Batch] = []
        takes = [asyncio.get_running_loop().create_future(), None]

        def push(batch: Batch) -> asyncio.Future[None] | None:
            pushed.append(batch)
            return takes.pop(0)

        taking = takes[0]
        assert taking is not None
        (await rooms.enter("lobby")).subscribe(Start.NEWEST, push)
        await store.begin_anew("first again")
        await asyncio.sleep(0)
        assert len(pushed) == 1
        taking.set_result(None)
        await asyncio.sleep(0)
        return pushed

    assert [batch.gap for batch in asyncio.run(run())] == [False, True]


def test_who_comes_while_the_log_is_read_again_gets_the_old_one_whole() -> None:
    async def run() -> tuple[Batch, Batch]:
        store, rooms = await opened("one", "two")
        store.gate.clear()
        beginning = asyncio.create_task(store.begin_anew("first again"))
        await asyncio.sleep(0)
        meanwhile = (await rooms.enter("lobby")).since(Start.NEWEST)
        store.gate.set()
        await beginning
        return meanwhile, (await rooms.enter("lobby")).since(meanwhile.cursor)

    meanwhile, after = asyncio.run(run())
    assert (meanwhile.cursor, texts(meanwhile)) == (Cursor(OLD, 2), ["one", "two"])
    assert (after.gap, texts(after)) == (True, ["first again"])


def test_a_room_that_is_loading_when_the_new_life_begins_reads_the_new_log() -> None:
    async def run() -> Batch:
        store, rooms = await opened()
        store.log = [Message(1, "ann", "old", 0.0)]
        store.gate.clear()
        entering = asyncio.create_task(rooms.enter("den"))
        await asyncio.sleep(0)  # the old tail is on its way
        beginning = asyncio.create_task(store.begin_anew("new"))
        await asyncio.sleep(0)
        store.gate.set()
        await beginning
        return (await entering).since(Start.NEWEST)

    batch = asyncio.run(run())
    assert (batch.cursor.epoch, texts(batch)) == (NEW, ["new"])


def test_what_was_missed_in_the_same_epoch_comes_without_a_gap() -> None:
    async def run() -> Batch:
        store, rooms = await opened("one")
        held = asyncio.create_task((await rooms.enter("lobby")).wait(Cursor(OLD, 1), 60))
        await asyncio.sleep(0)
        store.log += [Message(2, "ann", "two", 0.0), Message(3, "ann", "three", 0.0)]
        await store.on_reset()
        return await held

    batch = asyncio.run(run())
    assert (batch.gap, texts(batch)) == (False, ["two", "three"])


def test_a_hole_in_what_comes_is_a_gap_for_who_stands_before_it() -> None:
    async def run() -> tuple[Batch, Batch]:
        store, rooms = await opened("one")
        lobby = await rooms.enter("lobby")
        store.on_append("lobby", Message(4, "ann", "four", 0.0))
        return lobby.since(Cursor(OLD, 1)), lobby.since(Cursor(OLD, 3))

    before, after = asyncio.run(run())
    assert (before.gap, texts(before)) == (True, ["four"])
    assert (after.gap, texts(after)) == (False, ["four"])


def test_a_store_that_is_away_leaves_what_is_in_memory() -> None:
    async def run() -> Batch:
        store, rooms = await opened("one")
        store.away = True
        with pytest.raises(Unavailable):
            await store.on_reset()
        return (await rooms.enter("lobby")).since(Start.NEWEST)

    assert texts(asyncio.run(run())) == ["one"]


async def turns(count: int = 6) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("retained", [(), ("one", "two")])
def test_who_is_held_in_the_very_turn_in_which_a_room_is_loaded_stays_held(
    retained: tuple[str, ...],
) -> None:
    async def run() -> None:
        store, rooms = await opened()
        store.log = [Message(id, "ann", text, 0.0) for id, text in enumerate(retained, start=1)]
        store.gate.clear()

        async def come_in_that_turn() -> Batch:
            await store.gate.wait()
            return await (await rooms.enter("den")).wait(Start.NOW, 60)

        first = asyncio.create_task(rooms.enter("den"))
        await turns()
        newcomer = asyncio.create_task(come_in_that_turn())  # woken right after who reads the log
        await turns()
        store.gate.set()
        await turns()
        assert (await first).held == 1
        newcomer.cancel()

    asyncio.run(run())


def test_a_log_that_is_read_again_and_is_the_same_releases_nobody() -> None:
    async def run() -> None:
        store, rooms = await opened("one")
        lobby = await rooms.enter("lobby")
        held = asyncio.create_task(lobby.wait(Start.NOW, 60))
        await turns()
        await store.on_reset()
        await turns()
        assert lobby.held == 1
        held.cancel()

    asyncio.run(run())
