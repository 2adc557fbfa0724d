"""Each counterexample fails as its chapter says, and the right way beside it doesn't."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from tornado.locks import Condition
from tornado.web import Application, HTTPError

from tests.support.http import Connection, ask
from tests.support.laboratory import LaboratoryServer, laboratory_server
from tests.support.server_process import ROOT
from tests.support.waiting import PATIENCE_SECONDS, until
from transports.room import Room
from transports.rooms import Rooms
from transports.stores import make_store
from transports.wire import Batch, Cursor, Draft, Message
from tutorial.counterexamples import slipping
from tutorial.counterexamples.attacks import Mallory, listen, rounds
from tutorial.counterexamples.condition import ConditionHandler
from tutorial.counterexamples.listeners import ListeningRoom
from tutorial.counterexamples.locks import LOCKS
from tutorial.counterexamples.mailboxes import BOX_MESSAGES, MailRoom
from tutorial.counterexamples.slow_reader_server import SEND_BYTES
from tutorial.counterexamples.slow_readers import LIMIT_BYTES, POLICIES, PlainRoom
from tutorial.counterexamples.unlocked_chat import AnnsRoom, UnlockedHandler, make_app
from tutorial.laboratory import blocking_work

Waiting = Callable[[Room, Cursor, float], Awaitable[Batch]]
HI = Draft("ann", "hi")


async def a_room() -> Room:
    rooms = Rooms(make_store("memory", 1000), 1000)
    await rooms.open()
    return await rooms.enter("lobby")


@pytest.mark.parametrize(("waits", "released"), [(slipping.wait, 0), (Room.wait, 1)])
def test_a_message_slips_through_an_await_between_looking_and_holding(
    waits: Waiting, released: int
) -> None:
    """`released` is how many waiters a message releases that comes right after they have looked."""

    async def run() -> None:
        room = await a_room()
        ends = room.cursor
        waiter = asyncio.ensure_future(waits(room, ends, 0.05 if released == 0 else 3600))
        await asyncio.sleep(0)  # it has looked, and found nothing
        await room.post(HI)
        while not (released or room.held):  # noqa: ASYNC110
            await asyncio.sleep(0)  # it holds, although the message is there
        assert room.since(ends).messages
        await waiter

    asyncio.run(run())


async def between_two_polls(lab: LaboratoryServer, address: str) -> list[str]:
    """Post to a held poll, and again before the next poll; return what the reader received."""
    poll = asyncio.ensure_future(lab.get(f"/rooms/lobby/{address}?cursor=now&wait=5"))
    await until(lambda: any(room.held for room in lab.chat.rooms))
    await lab.say("lobby", "first")
    first = (await poll).json
    await lab.say("lobby", "second")
    again = await lab.get(f"/rooms/lobby/{address}?cursor={first['cursor']}&wait=0.2")
    return [message["text"] for message in [*first["messages"], *again.json["messages"]]]


async def test_without_a_cursor_a_message_between_two_polls_is_lost() -> None:
    async with laboratory_server() as lab:
        assert await between_two_polls(lab, "cursorless") == ["first"]


@pytest.mark.parametrize("address", ["long-polling", "batching"])
async def test_with_a_cursor_it_is_not(address: str) -> None:
    async with laboratory_server() as lab:
        assert await between_two_polls(lab, address) == ["first", "second"]


@pytest.mark.parametrize(("where", "answered"), [("on-the-loop", False), ("in-a-thread", True)])
def test_nothing_else_runs_while_blocking_work_is_on_the_loop(
    where: str, answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        loop, turned, seen = asyncio.get_running_loop(), threading.Event(), list[bool]()

        def work(steps: int) -> int:
            loop.call_soon_threadsafe(turned.set)
            seen.append(turned.wait(1))
            return 0

        monkeypatch.setitem(blocking_work.WORK, "probe", work)
        async with laboratory_server() as lab:
            assert (await lab.get(f"/slow/{where}?work=probe")).status == 200
        assert seen == [answered]

    asyncio.run(run())


def test_a_hundred_readers_that_left_wait_on_in_a_condition_of_tornado() -> None:
    async def run() -> None:
        news = Condition()
        server = Application([("/", ConditionHandler, {"news": news})]).listen(0, "127.0.0.1")
        port = next(iter(server._sockets.values())).getsockname()[1]
        readers = [await Connection.open(f"http://127.0.0.1:{port}") for _ in range(100)]
        for reader in readers:
            await reader.send("GET", "/")
        while len(news._waiters) < 100:  # noqa: ASYNC110 (a Condition notifies nobody of it)
            await asyncio.sleep(0.01)
        for reader in readers:
            await reader.close()
        await until(lambda: not server._connections)
        assert len(news._waiters) == 100, "each of them cancelled, and still there"
        server.stop()
        await server.close_all_connections()

    asyncio.run(run())


@dataclass
class Listener:
    received: list[int] = field(default_factory=list)

    def listen(self, message: Message) -> None:
        self.received.append(message.id)


def test_a_listener_that_fails_fails_its_author_and_those_after_it() -> None:
    def break_down(_: Message) -> None:
        raise ConnectionResetError

    room, before, after = ListeningRoom(), Listener(), Listener()
    room.listeners = [before.listen, break_down, after.listen]
    with pytest.raises(ConnectionResetError):
        room.post(Message(1, "ann", "hi", 0.0))
    assert (before.received, after.received) == ([1], [])


def test_a_subscription_that_fails_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(_: Batch) -> None:
        raise ConnectionResetError

    async def run() -> None:
        room, received = await a_room(), list[int]()
        room.subscribe(room.cursor, break_down)
        room.subscribe(room.cursor, lambda batch: received.extend(m.id for m in batch.messages))
        ack = await room.post(HI)
        await asyncio.sleep(0)
        assert (ack.id, received, room.readers) == (1, [1], 1)

    asyncio.run(run())
    assert "sent nothing more" in caplog.text


def test_a_mailbox_loses_what_its_reader_is_too_late_for_and_reports_nothing() -> None:
    room = MailRoom()
    session = room.open()
    for id in range(1, BOX_MESSAGES + 2):
        room.post(Message(id, "ann", "hi", 0.0))
    assert room.fetch(session, arrived=True)[0].id == 2


async def kept_for_a_reader_that_sleeps(policy: str, posts: int, size: int) -> tuple[int, int]:
    """Post to a reader that takes nothing; return how many posts came to an end, and the bytes kept for it."""
    room = PlainRoom()
    server = Application([("/", POLICIES[policy], {"room": room})]).listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]
    reader = await Connection.open(f"http://127.0.0.1:{port}")
    head = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    await reader.send("GET", "/", headers=head | {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    await until(lambda: room.readers)
    [handler] = room.readers
    stream = cast(Any, handler.ws_connection).stream
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
    ended, kept = 0, 0
    patience = (
        1 if policy == "wait" else PATIENCE_SECONDS
    )  # there a post ends never, and here always
    for _ in range(posts):
        posting = asyncio.ensure_future(room.post("x" * size))
        if not (await asyncio.wait([posting], timeout=patience))[0]:
            posting.cancel()
            break
        ended += 1
        kept = max(kept, handler.waiting)
    await reader.close()
    stream.close()
    server.stop()
    await server.close_all_connections()
    return ended, kept


@pytest.mark.parametrize(
    ("policy", "all_end", "least", "most"),
    [
        ("write-on", True, 2 * LIMIT_BYTES, 1 << 30),
        ("wait", False, 0, 110_000),
        ("drop", True, LIMIT_BYTES // 2, LIMIT_BYTES + 110_000),
        ("disconnect", True, LIMIT_BYTES // 2, LIMIT_BYTES + 110_000),
    ],
)
async def test_a_reader_that_sleeps_costs_memory_or_everybodys_time_or_messages(
    policy: str, all_end: bool, least: int, most: int
) -> None:
    ended, kept = await kept_for_a_reader_that_sleeps(policy, posts=200, size=100_000)
    assert (ended == 200) is all_end
    assert least <= kept <= most


async def reached(*locks: type[UnlockedHandler], evil: str = "http://127.0.0.1:1") -> set[str]:
    """Return what of Ann's chat another origin's page reaches with her cookie, and a log's reader with the log."""
    room, mallory = AnnsRoom(), Mallory("127.0.0.1")
    server, port = listen(make_app(room, locks))
    url, evil = f"http://127.0.0.1:{port}", evil.replace("PORT", str(port))
    as_ann = {"Cookie": f"session={room.token}", "Origin": evil, "Sec-Fetch-Site": "same-site"}
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    read = await ask(url, "/messages", headers=as_ann)
    text = as_ann | {"Content-Type": "text/plain"}
    await ask(url, "/messages", "POST", b'{"text": "forged"}', text)
    socket = await ask(url, "/socket", headers=as_ann | upgrade)
    script = await ask(url, "/show.js")
    await ask(url, f"/messages?token={room.token}")
    await mallory.use_log(room.access_log, url)
    for one in (server, mallory.server):
        one.stop()
        await one.close_all_connections()
    found = {
        "read": read.status == 200 and read.headers.get("access-control-allow-origin") == evil,
        "post": bool(room.messages),
        "socket": socket.status == 101,
        "script": b"innerHTML" in script.body and "content-security-policy" not in script.headers,
        "log": "log" in mallory.loot.texts,
    }
    return {attack for attack, succeeds in found.items() if succeeds}


async def test_a_chat_without_locks_is_open_to_five_attacks_and_each_lock_is_for_some() -> None:
    everything = {"read", "post", "socket", "script", "log"}
    stopped = {
        name: everything - await reached(*[LOCKS[one] for one in locks])
        for name, locks in rounds("alone")
    }
    from_outside = {"read", "post", "socket"}
    assert stopped == {
        "none": set(),
        "origin": from_outside,
        "cors": {"read"},
        "json": {"post"},  # of the two ways to post, the one that asks nobody first
        "token": from_outside,
        "text": {"script"},
        "csp": {"script"},
        "log": {"log"},
        "all": everything,
    }
    rest = {n: [LOCKS[one] for one in locks] for n, locks in rounds("without")}
    assert {name for name, locks in rest.items() if await reached(*locks)} == {"none", "log"}


class EndsLikeOurs(UnlockedHandler):
    """Names every origin that ends with our host."""

    def allow_other_origins(self) -> None:
        if self.request.headers.get("Origin", "").endswith(self.request.host):
            super().allow_other_origins()


class SameHostName(UnlockedHandler):
    """Compares the host names."""

    def prepare(self) -> None:
        origin = self.request.headers.get("Origin")
        if origin and urlsplit(origin).hostname != self.request.host_name:
            raise HTTPError(403)
        super().prepare()


class IsJson(UnlockedHandler):
    """Takes a body only if it is JSON."""

    def prepare(self) -> None:
        if self.request.method == "POST":
            json.loads(self.request.body)
        super().prepare()


@pytest.mark.parametrize(
    ("fix", "evil", "still_works"),
    [
        (EndsLikeOurs, "http://evil-127.0.0.1:PORT", "read"),
        (SameHostName, "http://127.0.0.1:1", "socket"),
        (IsJson, "http://127.0.0.1:1", "post"),
    ],
)
async def test_a_wrong_fix_is_answered_with_what_still_works_against_it(
    fix: type[UnlockedHandler], evil: str, still_works: str
) -> None:
    choices = (ROOT / "static" / "js" / "experiments" / "find_and_fix.js").read_text("utf-8")
    name = (fix.__doc__ or "").rstrip(".").split(" ", 1)[1]
    assert name in choices
    assert still_works in await reached(fix, evil=evil)
