"""Which rooms are in memory: those with readers, and a bounded number of others."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter

import pytest

from tests.conftest import Serve
from tests.support.clients import joined
from tests.support.http import connected
from tests.support.in_process_server import InProcessServer
from tests.support.waiting import until
from transports.rooms import IDLE_ROOMS, Rooms
from transports.store import Unavailable
from transports.stores.memory import MemoryStore
from transports.wire import Batch, Draft, Message, Start


async def opened(store: MemoryStore | None = None) -> Rooms:
    rooms = Rooms(store or MemoryStore(1000, 1000), 1000)
    await rooms.open()
    return rooms


def count(rooms: Rooms) -> int:
    return sum(1 for _ in rooms)


async def test_naming_rooms_does_not_eat_the_machine() -> None:
    rooms = await opened()
    for n in range(20 * IDLE_ROOMS):
        await rooms.enter(f"room-{n}")
    assert count(rooms) <= IDLE_ROOMS
    assert not rooms.store._logs  # type: ignore[attr-defined]


async def test_rooms_named_all_at_once_are_let_go_as_others_come() -> None:
    rooms = await opened()
    await asyncio.gather(*[rooms.enter(f"room-{n}") for n in range(4 * IDLE_ROOMS)])
    for n in range(4 * IDLE_ROOMS):
        await rooms.enter(f"later-{n}")
    assert count(rooms) <= IDLE_ROOMS


async def test_a_room_with_a_reader_stays_however_many_are_named() -> None:
    rooms = await opened()
    read, held = await rooms.enter("read"), await rooms.enter("held")
    read.subscribe(Start.NOW, lambda batch: None)
    waiting = asyncio.ensure_future(held.wait(Start.NOW, 60))
    for n in range(4 * IDLE_ROOMS):
        await rooms.enter(f"room-{n}")
    assert await rooms.enter("read") is read
    assert await rooms.enter("held") is held
    await (await rooms.enter("held")).post(Draft("ann", "hi"))
    assert (await waiting).messages[0].text == "hi"


async def test_a_room_that_was_let_go_comes_back_with_its_messages_and_cursors() -> None:
    rooms = await opened()
    room = await rooms.enter("lobby")
    first = await room.post(Draft("ann", "one"))
    await room.post(Draft("ann", "two"))
    for n in range(2 * IDLE_ROOMS):
        await rooms.enter(f"room-{n}")
    back = await rooms.enter("lobby", first.cursor)
    assert back is not room
    batch = back.since(first.cursor)
    assert ([message.text for message in batch.messages], batch.gap) == (["two"], False)


async def test_who_still_posts_to_a_room_that_was_let_go_reaches_its_readers() -> None:
    rooms = await opened()
    stale = await rooms.enter("lobby")
    for n in range(2 * IDLE_ROOMS):
        await rooms.enter(f"room-{n}")
    fresh = await rooms.enter("lobby")
    waiting = asyncio.ensure_future(fresh.wait(Start.NOW, 60))
    await asyncio.sleep(0)
    await stale.post(Draft("ann", "hi"))
    assert (await waiting).messages[0].text == "hi"


class Gated(MemoryStore):
    """A memory store whose reading of a tail begins, or ends, when the test says."""

    def __init__(self, *, before: bool) -> None:
        super().__init__(1000, 1000)
        self.before = before
        self.reads: Counter[str] = Counter()
        self.gate = asyncio.Event()

    async def tail(self, room: str) -> list[Message]:
        self.reads[room] += 1
        if self.before:
            await self.gate.wait()
        tail = await super().tail(room)
        if not self.before:
            await self.gate.wait()
        return tail


async def turns(count: int) -> None:
    """Let the event loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("before", [True, False])
async def test_a_message_appended_while_two_load_the_room_is_there_once(before: bool) -> None:
    store = Gated(before=before)
    rooms = await opened(store)
    await store.append("lobby", Draft("ann", "one"))
    entering = [asyncio.ensure_future(rooms.enter("lobby")) for _ in range(2)]
    await turns(3)
    await store.append("lobby", Draft("ann", "two"))
    await store.append("lobby", Draft("ann", "three"))
    store.gate.set()
    room, same = await asyncio.gather(*entering)
    assert (room is same, store.reads["lobby"]) == (True, 1)
    await store.append("lobby", Draft("ann", "four"))
    texts = [message.text for message in room.since(Start.NEWEST).messages]
    assert texts == ["one", "two", "three", "four"]


async def test_who_gives_up_waiting_for_the_load_does_not_end_it_for_the_others() -> None:
    store = Gated(before=True)
    rooms = await opened(store)
    leaves, stays = (asyncio.ensure_future(rooms.enter("lobby")) for _ in range(2))
    await turns(2)
    leaves.cancel()
    await turns(2)
    store.gate.set()
    assert (await stays).name == "lobby"
    assert store.reads["lobby"] == 1


@pytest.mark.parametrize("rooms_at_once", [300, 5000])
async def test_more_rooms_than_may_stay_entered_in_one_turn_are_each_read_once(
    rooms_at_once: int,
) -> None:
    store = Gated(before=True)
    rooms = await opened(store)
    names = [f"room-{n}" for n in range(rooms_at_once)]
    entering = [asyncio.ensure_future(rooms.enter(name)) for name in names]
    await turns(3)
    store.gate.set()
    assert [room.name for room in await asyncio.gather(*entering)] == names
    assert set(store.reads.values()) == {1}
    assert count(rooms) <= IDLE_ROOMS


async def test_a_room_that_is_being_entered_is_not_evicted() -> None:
    store = Gated(before=True)
    rooms = await opened(store)

    async def hold() -> Batch:
        return await (await rooms.enter("slow")).wait(Start.NOW, 60)

    held = asyncio.ensure_future(hold())
    await turns(2)
    others = [asyncio.ensure_future(rooms.enter(f"room-{n}")) for n in range(2 * IDLE_ROOMS)]
    await turns(2)
    store.gate.set()
    await asyncio.gather(*others)
    await store.append("slow", Draft("ann", "hi"))
    assert (await held).messages[0].text == "hi"
    assert store.reads["slow"] == 1


class Failing(MemoryStore):
    """A memory store that can't be reached at first."""

    failures = 1

    async def tail(self, room: str) -> list[Message]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("not now")
        return await super().tail(room)


async def test_a_room_that_could_not_be_loaded_is_loaded_when_the_store_is_back() -> None:
    rooms = await opened(Failing(1000, 1000))
    results = await asyncio.gather(
        *[rooms.enter("lobby") for _ in range(3)], return_exceptions=True
    )
    assert [type(each) for each in results] == [Unavailable] * 3
    room = await rooms.enter("lobby")
    assert (await room.post(Draft("ann", "hi"))).id == 1
    assert len(room.log) == 1


async def test_over_http_too_a_crowd_of_named_rooms_is_let_go(server: InProcessServer) -> None:
    async with connected(server.url) as connection, joined(server.url, "websocket", room="mine"):
        await until(lambda: server.chat.connections.lasting)
        for n in range(3 * IDLE_ROOMS):
            answer = await connection.ask("GET", f"/rooms/room-{n}/short-polling")
            assert answer.status == 200
        seen = (await connection.ask("GET", "/inspect")).json
    assert len(seen["rooms"]) <= IDLE_ROOMS
    assert seen["rooms"]["mine"]["readers"] == 1


async def test_readers_that_leave_let_their_rooms_go(serve: Serve) -> None:
    server = await serve()
    for n in range(40):
        async with joined(server.url, "websocket", room=f"read-{n}") as reader:
            await reader.receive()
    await until(lambda: not server.chat.connections.lasting)
    for n in range(2 * IDLE_ROOMS):
        await server.room(f"room-{n}")
    assert not [room for room in server.chat.rooms if room.name.startswith("read-")]


def connect(server: InProcessServer, n: int) -> socket.socket:
    """Connect and ask for a room, while the server's loop has no turn."""
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(
        b"GET /rooms/r%d/short-polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % n
    )
    client.setblocking(False)
    return client


async def whole_answer(client: socket.socket) -> bytes:
    answer = b""
    while some := await asyncio.get_running_loop().sock_recv(client, 1 << 16):
        answer += some
    client.close()
    return answer


async def test_300_requests_for_300_rooms_in_one_turn_are_all_answered(
    server: InProcessServer,
) -> None:
    clients = [connect(server, n) for n in range(300)]
    answers = await asyncio.gather(*map(whole_answer, clients))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    assert count(server.chat.rooms) <= IDLE_ROOMS
