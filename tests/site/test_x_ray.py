"""The X-ray: one mark for each thing that waits in the server, and what may be done to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest

from tests.support.http import Connection
from tests.support.laboratory import LaboratoryServer, laboratory_server, next_json
from tests.support.waiting import until
from transports.wire import Draft, Message
from tutorial.laboratory.x_ray import XRay

Snapshot = dict[str, Any]
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def watch_until(xray: Any, seen: Callable[[Snapshot], Any]) -> Any:
    """Watch until a snapshot shows something, and return that."""
    async with asyncio.timeout(5):
        while not (found := seen(await next_json(xray))):
            pass
    return found


def came(transport: str) -> Callable[[Snapshot], Any]:
    return lambda snapshot: [mark for mark in snapshot["came"] if mark[1] == transport]


async def do(lab: LaboratoryServer, session: str, mark: int, action: str) -> bool:
    response = await lab.post("/xray/marks", {"session": session, "mark": mark, "action": action})
    done: bool = json.loads(response.body)["done"]
    return done


def test_a_held_request_has_a_mark_with_its_room_cursor_and_client() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = await lab.socket("/xray")
            await next_json(xray)
            poll = asyncio.ensure_future(
                lab.get("/rooms/lobby/long-polling?cursor=now&client=mine")
            )
            [mark] = await watch_until(xray, came("long-polling"))
            assert mark[1:4] == ["long-polling", "lobby", "now"]
            assert mark[5] == "mine"
            await lab.say("lobby")
            await poll
            assert mark[0] in await watch_until(xray, lambda snapshot: snapshot["left"])

    asyncio.run(run())


def test_a_released_request_is_answered_at_once_and_empty() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = await lab.socket("/xray")
            session = (await next_json(xray))["session"]
            poll = asyncio.ensure_future(lab.get("/rooms/lobby/long-polling?cursor=now"))
            [mark] = await watch_until(xray, came("long-polling"))
            assert await do(lab, session, mark[0], "release")
            assert json.loads((await poll).body)["messages"] == []
            assert not await do(lab, session, mark[0], "release"), "it has gone"

    asyncio.run(run())


def test_a_request_that_is_released_in_the_turn_of_a_message_has_the_message() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = XRay(lab.chat)
            poll = asyncio.ensure_future(lab.get("/rooms/lobby/long-polling?cursor=now"))
            came: list[Any] = []
            while not came:
                await asyncio.sleep(0.01)
                came = cast(list[Any], xray.snapshot()["came"])
            room = await lab.chat.rooms.enter("lobby")
            await room.post(Draft("ann", "hi"))
            xray.act(came[0][0], "release")
            [message] = json.loads((await poll).body)["messages"]
            assert message["text"] == "hi"
            xray.stop()

    asyncio.run(run())


async def read(lab: LaboratoryServer, transport: str) -> str:
    """Wait for something on a transport; say what became of the connection."""
    path = f"/rooms/lobby/{transport}?cursor=now"
    if transport == "long-polling":
        with suppress(asyncio.IncompleteReadError):
            return str((await lab.get(path)).status)
        return "cut"
    socket = await lab.socket(path)
    await next_json(socket)
    return "open" if await socket.read_message() else "cut"


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
def test_a_dropped_mark_loses_its_connection(transport: str) -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = await lab.socket("/xray")
            session = (await next_json(xray))["session"]
            reading = asyncio.ensure_future(read(lab, transport))
            [mark] = await watch_until(xray, came(transport))
            assert await do(lab, session, mark[0], "drop")
            assert await reading == "cut"

    asyncio.run(run())


def test_a_frozen_socket_falls_behind_in_the_log_and_a_thawed_one_catches_up() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = await lab.socket("/xray")
            session = (await next_json(xray))["session"]
            socket = await lab.socket("/rooms/lobby/websocket")
            await next_json(socket)
            [mark] = await watch_until(xray, came("websocket"))
            assert await do(lab, session, mark[0], "freeze")
            for _ in range(3):
                await lab.say("lobby")
            assert await watch_until(xray, lambda snapshot: snapshot["behind"]) == {str(mark[0]): 3}
            assert await do(lab, session, mark[0], "thaw")
            assert len((await next_json(socket))["messages"]) == 3, "in one bigger batch"

    asyncio.run(run())


def test_a_request_that_has_not_entered_its_room_has_no_mark_yet() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            store, loaded = lab.chat.rooms.store, asyncio.Event()
            tail = store.tail

            async def slowly(room: str) -> list[Message]:
                await loaded.wait()
                return await tail(room)

            store.tail = slowly  # type: ignore[method-assign]
            xray = await lab.socket("/xray")
            await next_json(xray)
            poll = asyncio.ensure_future(lab.get("/rooms/lobby/long-polling?cursor=now&wait=1"))
            await until(lambda: lab.chat.requests["long-polling"])
            snapshots = [await next_json(xray) for _ in range(3)]
            assert not any(one["came"] for one in snapshots)
            loaded.set()
            await watch_until(xray, came("long-polling"))
            await poll

    asyncio.run(run())


def test_each_poll_that_passes_is_reported_once() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = await lab.socket("/xray")
            await next_json(xray)
            await lab.get("/rooms/lobby/short-polling?client=mine")
            [passed] = await watch_until(xray, lambda snapshot: snapshot["passed"])
            assert (passed[0], passed[1], passed[3]) == ("short-polling", 200, "mine")
            assert (await next_json(xray))["passed"] == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "ended"),
    [
        ("long-polling?cursor=now", "cut"),
        ("websocket?cursor=now", "cut"),
        ("server-sent-events?cursor=now", "cut"),
    ],
)
async def test_a_cut_request_is_reported_once_and_as_cut(path: str, ended: str) -> None:
    async with laboratory_server() as lab:
        xray = await lab.socket("/xray")
        await next_json(xray)
        reader = await Connection.open(lab.url)
        upgrade = UPGRADE if path.startswith("websocket") else {}
        await reader.send("GET", f"/rooms/lobby/{path}", headers=upgrade)
        await watch_until(xray, came(path.partition("?")[0]))
        reader.abort()
        passed = list(await watch_until(xray, lambda snapshot: snapshot["passed"]))
        passed += (await next_json(xray))["passed"]
        assert [one[1] for one in passed] == [ended]


async def test_the_cursor_of_a_socket_follows_what_its_reader_receives() -> None:
    async with laboratory_server() as lab:
        xray = await lab.socket("/xray")
        await next_json(xray)
        socket = await lab.socket("/rooms/lobby/websocket")
        await next_json(socket)
        [mark] = await watch_until(xray, came("websocket"))
        acked = (await lab.say("lobby")).json
        moved = await watch_until(
            xray, lambda snapshot: snapshot["cursors"].get(str(mark[0])) == acked["cursor"]
        )
        assert moved


def test_when_nobody_looks_nothing_is_noted_and_what_was_frozen_goes_on() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            xray = await lab.socket("/xray")
            session = (await next_json(xray))["session"]
            socket = await lab.socket("/rooms/lobby/websocket")
            await next_json(socket)
            [mark] = await watch_until(xray, came("websocket"))
            await do(lab, session, mark[0], "freeze")
            await lab.say("lobby")
            xray.close()
            assert len((await next_json(socket))["messages"]) == 1
            assert not lab.chat.connections.observers

    asyncio.run(run())


@pytest.mark.parametrize(
    "stranger",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "same-site"},
        {"X_Forwarded_For": "192.0.2.7"},
    ],
)
def test_only_the_readers_own_machine_may_act(stranger: dict[str, str]) -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            body = {"session": "x", "mark": 1, "action": "drop"}
            response = await lab.post("/xray/marks", body, **stranger)
            assert response.status == 403

    asyncio.run(run())
