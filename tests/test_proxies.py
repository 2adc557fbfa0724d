"""The configurations of tutorial/deploy/, each in the proxy that it is for; and whose word the server takes.

A minute of a configuration's patience lasts two seconds here, and the server's hold and pings are as much shorter.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.proxying import FILES, PATIENCE_SECONDS, free_port, proxy
from tests.serving import start, stop
from transports.app import PING_SECONDS, TRANSPORTS, make_app
from transports.chat import HOLD_SECONDS, Chat
from transports.proxies import TrustedProxies
from transports.rate import RateLimit
from transports.rooms import Rooms
from transports.server import Server
from transports.stores.memory import MemoryStore

AUTHORS = ("ann", "bob", "cleo")
MESSAGES_EACH = 40
ALL_MESSAGES = MESSAGES_EACH * len(AUTHORS)
AGAIN_SECONDS = 0.05
ENOUGH_SECONDS = 30

PATIENCE = 2
SCALE = PATIENCE_SECONDS / PATIENCE
SOON_SECONDS = 1.0  # for a message on loopback, through one proxy

every_proxy = [pytest.param(program, marks=pytest.mark.proxies) for program in FILES]


@asynccontextmanager
async def serving(ping_seconds: float = PING_SECONDS, **settings: Any) -> AsyncIterator[int]:
    """Serve a chat in this process; give its port."""
    rooms = Rooms(MemoryStore(1000, 1000), 1000)
    await rooms.open()
    chat = Chat(rooms, **settings)
    app = make_app(chat)
    app.settings["websocket_ping_interval"] = ping_seconds
    app.settings["websocket_ping_timeout"] = ping_seconds / 2
    server = Server(chat, app)
    try:
        yield server.listen(0)
    finally:
        await server.drain()


async def batches(
    session: aiohttp.ClientSession, url: str, transport: str, cursor: str | None = None
) -> AsyncGenerator[dict[str, Any], None]:
    """Read a room on a transport, batch after batch, until the connection or an exception ends it."""
    address = f"{url}/rooms/lobby/{transport}"
    params = {"cursor": cursor} if cursor else {}
    if transport == "websocket":
        async with session.ws_connect(address, params=params) as socket:
            async for frame in socket:
                yield json.loads(frame.data)
    elif transport == "server-sent-events":
        async with session.get(address, params=params, raise_for_status=True) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
    else:
        while True:
            async with session.get(address, params=params, raise_for_status=True) as answer:
                batch = await answer.json()
            yield batch
            params = {"cursor": batch["cursor"]}
            await asyncio.sleep(0.02 if transport == "short-polling" else 0)


async def post(session: aiohttp.ClientSession, url: str, text: str) -> None:
    """Post a message to the lobby."""
    draft = {"author": "ann", "text": text}
    async with session.post(f"{url}/rooms/lobby/messages", json=draft) as answer:
        assert answer.status == 201


@pytest.mark.parametrize("program", every_proxy)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_reader_behind_a_proxy_hears_of_a_message_at_once(
    program: str, transport: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with serving() as port, aiohttp.ClientSession() as session:
            with proxy(program, tmp_path, [port]) as url:
                reading = batches(session, url, transport)
                for text in ("one", "two", "three"):
                    await post(session, url, text)
                    async with asyncio.timeout(SOON_SECONDS):
                        while not (batch := await anext(reading))["messages"]:
                            pass
                    assert [message["text"] for message in batch["messages"]] == [text]
                await reading.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize("program", every_proxy)
def test_a_proxys_patience_outlasts_the_default_hold_and_not_much_more(
    program: str, tmp_path: Path
) -> None:
    async def hold(session: aiohttp.ClientSession, url: str, wait: float) -> int:
        address = f"{url}/rooms/lobby/long-polling"
        async with session.get(address, params={"wait": wait}) as answer:
            return answer.status

    async def scenario() -> None:
        async with serving() as port, aiohttp.ClientSession() as session:
            with proxy(program, tmp_path, [port], PATIENCE) as url:
                statuses = await asyncio.gather(
                    hold(session, url, HOLD_SECONDS / SCALE), hold(session, url, 2 * PATIENCE)
                )
        assert statuses[0] == 200
        assert statuses[1] in (502, 504)  # Apache says 502 when the application is too slow

    asyncio.run(scenario())


@pytest.mark.parametrize("program", every_proxy)
def test_pings_keep_a_silent_socket_open_behind_a_proxy(program: str, tmp_path: Path) -> None:
    async def lasts(ping_seconds: float, folder: Path) -> bool:
        async with serving(ping_seconds) as port, aiohttp.ClientSession() as session:
            with proxy(program, folder, [port], PATIENCE) as url:
                address = f"{url}/rooms/lobby/websocket"
                async with session.ws_connect(address) as socket:
                    await socket.receive()
                    try:
                        async with asyncio.timeout(PATIENCE * 1.5):
                            await socket.receive()
                    except TimeoutError:
                        return True
                    return False

    for name in ("with", "without"):
        (tmp_path / name).mkdir()

    async def scenario() -> None:
        with_pings = lasts(PING_SECONDS / SCALE, tmp_path / "with")
        without = lasts(10 * PATIENCE, tmp_path / "without")
        assert tuple(await asyncio.gather(with_pings, without)) == (True, False)

    asyncio.run(scenario())


class Client:
    """Somebody at an address of their own, who posts until it is too much."""

    def __init__(self, url: str, address: str, claims: str = "") -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "", parts.port)
        self._address = address
        self._claims = {"X-Forwarded-For": claims, "X-Real-IP": claims} if claims else {}

    def post(self) -> int:
        """Post a message; give the status."""
        link = http.client.HTTPConnection(*self._to, source_address=(self._address, 0))
        headers = {"Content-Type": "application/json", **self._claims}
        link.request("POST", "/rooms/lobby/messages", b'{"author": "a", "text": "b"}', headers)
        try:
            return link.getresponse().status
        finally:
            link.close()

    async def post_too_much(self) -> None:
        """Post until the server has had enough."""
        for _ in range(10):
            if await asyncio.to_thread(self.post) == 429:
                return
        pytest.fail("the rate limit does not apply")


@pytest.mark.parametrize("program", every_proxy)
def test_the_rate_limit_knows_the_clients_behind_a_proxy_apart(
    program: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        trusted = TrustedProxies([ip_network("127.0.0.1")])
        async with serving(proxies=trusted, rate=RateLimit(0.5)) as port:
            with proxy(program, tmp_path, [port]) as url:
                await Client(url, "127.0.0.2").post_too_much()
                assert await asyncio.to_thread(Client(url, "127.0.0.3").post) == 201
                forger = Client(url, "127.0.0.2", claims="127.0.0.4")
                assert await asyncio.to_thread(forger.post) == 429

    asyncio.run(scenario())


def test_a_forwarded_address_from_an_untrusted_peer_means_nothing() -> None:
    async def scenario() -> None:
        trusted = TrustedProxies([ip_network("127.0.0.1")])
        async with serving(proxies=trusted, rate=RateLimit(0.5)) as port:
            url = f"http://127.0.0.1:{port}"
            await Client(url, "127.0.0.2").post_too_much()
            forger = Client(url, "127.0.0.2", claims="127.0.0.4")
            assert await asyncio.to_thread(forger.post) == 429

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7,10.9.9.9", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "192.0.2.7, unknown", "unknown"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_client_is_the_last_who_is_no_proxy_of_ours(
    peer: str, forwarded_for: str, client: str
) -> None:
    assert TrustedProxies([ip_network("10.0.0.0/8")]).client(peer, forwarded_for) == client


class Conversation:
    """Writers and readers who don't give up, and what each reader has heard."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url
        self.heard: dict[str, list[str]] = {transport: [] for transport in TRANSPORTS}
        self.said = asyncio.Condition()
        self.acknowledged = 0

    async def write(self, author: str) -> None:
        """Post MESSAGES_EACH messages, each again with its key until it is acknowledged."""
        for number in range(MESSAGES_EACH):
            text = f"{author}-{number}"
            await self._post({"author": author, "text": text, "key": text})
            async with self.said:
                self.acknowledged += 1
                self.said.notify_all()

    async def _post(self, draft: dict[str, str]) -> None:
        address = f"{self._url}/rooms/lobby/messages"
        while True:
            with suppress(aiohttp.ClientError):
                async with self._session.post(address, json=draft) as answer:
                    if answer.status in (200, 201):
                        return
            await asyncio.sleep(AGAIN_SECONDS)

    async def read(self, transport: str) -> None:
        """Read until every message is there, from the cursor on whenever the connection ends."""
        cursor = None
        heard = self.heard[transport]
        while len(heard) < ALL_MESSAGES:
            with suppress(aiohttp.ClientError):
                async with aclosing(batches(self._session, self._url, transport, cursor)) as told:
                    async for batch in told:
                        assert not batch["gap"]
                        cursor = batch["cursor"]
                        heard += [message["text"] for message in batch["messages"]]
                        if len(heard) >= ALL_MESSAGES:
                            break
            await asyncio.sleep(AGAIN_SECONDS)

    async def reaches(self, share: float) -> None:
        """Wait until so much of what there is to say is acknowledged."""
        async with self.said:
            await self.said.wait_for(lambda: self.acknowledged >= share * ALL_MESSAGES)


@pytest.mark.parametrize("program", every_proxy)
def test_a_process_that_restarts_behind_a_proxy_loses_and_doubles_nothing(
    program: str, tmp_path: Path
) -> None:
    options = (f"--store=sqlite:{tmp_path}/chat.db", "--hold=1", f"--port={free_port()}")

    async def scenario(url: str) -> None:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as everybody:
            talk = Conversation(session, url)
            for transport in TRANSPORTS:
                everybody.create_task(talk.read(transport))
            for author in AUTHORS:
                everybody.create_task(talk.write(author))
            for share, signum in ((0.3, signal.SIGTERM), (0.6, signal.SIGKILL)):
                await talk.reaches(share)
                chats[-1].process.send_signal(signum)
                await asyncio.to_thread(stop, chats[-1])
                chats.append(await asyncio.to_thread(start, *options))
        for heard in talk.heard.values():
            assert len(heard) == len(set(heard)) == ALL_MESSAGES
            assert heard == talk.heard["websocket"]

    chats = [start(*options)]
    try:
        with proxy(program, tmp_path, [chats[0].port]) as url:
            asyncio.run(asyncio.wait_for(scenario(url), ENOUGH_SECONDS))
    finally:
        stop(chats[-1])
