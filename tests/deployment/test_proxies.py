"""The configurations of tutorial/deploy/, each in the proxy that it is for; and whose word the server takes.

A minute of a configuration's patience lasts four seconds here, and the server's hold and pings are as much shorter.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from tests.support.clients import Reader, Refused, joined
from tests.support.http import Connection
from tests.support.ports import free_port
from tests.support.proxying import DEPLOY, FILES, PATIENCE_SECONDS, proxy
from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerProcess, stop
from tests.test_conformance import Serve
from transports import app
from transports.app import TRANSPORTS
from transports.parameters import HOLD_SECONDS
from transports.proxies import TrustedProxies
from transports.rate import RateLimit
from tutorial.__main__ import make_parser

PATIENCE = 4
SCALE = PATIENCE_SECONDS / PATIENCE
DELIVERIES = 20
HELD_BACK_SECONDS = 0.1  # Nagle's algorithm and a delayed acknowledgement: 40 to 200 ms

AUTHORS = ("ann", "bob", "cleo")
MESSAGES_EACH = 20
ALL_MESSAGES = MESSAGES_EACH * len(AUTHORS)
AGAIN_SECONDS = 0.05
# How an exchange ends when the server does; a proxy's own error page is no JSON (ValueError).
BROKEN = (OSError, EOFError, Refused, WebSocketException, ValueError)


Proxied = Callable[..., str]


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.proxies) for name in FILES])
def proxied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxied]:
    """Put each of the proxies in front of chats, given by their ports; give its URL."""
    with ExitStack() as running:

        def start(*chats: int, patience: int = PATIENCE_SECONDS) -> str:
            folder = tmp_path / f"proxy-{chats[0]}"
            folder.mkdir()
            return running.enter_context(proxy(request.param, folder, list(chats), patience)).url

        yield start


async def delays(url: str, transport: str) -> list[float]:
    """Return how long messages take from a post on a connection of its own to a reader, in seconds, sorted."""
    took = []
    clock = asyncio.get_running_loop().time
    async with joined(url, transport) as reader, joined(url, transport, cursor="now") as author:
        await reader.receive()
        for number in range(DELIVERIES):
            began = clock()
            posting = asyncio.ensure_future(author.post(str(number)))
            assert (await reader.receive()).texts == [str(number)]
            took.append(clock() - began)
            await posting
    return sorted(took)


async def test_a_proxy_passes_each_message_on_and_holds_none_back(
    proxied: Proxied, serve: Serve
) -> None:
    """A proxy that waits for more to send does so each time; a busy machine is late only now and then."""
    server = await serve()
    url = proxied(server.port)
    for transport in TRANSPORTS:
        direct, behind = await delays(server.url, transport), await delays(url, transport)
        late = behind[DELIVERIES // 4] - direct[DELIVERIES // 4]
        assert late < HELD_BACK_SECONDS, transport


async def test_a_proxys_patience_outlasts_the_default_hold_and_not_much_more(
    proxied: Proxied, serve: Serve
) -> None:
    async def held(url: str, wait: float) -> int:
        link = await Connection.open(url)
        answer = await link.ask("GET", f"/rooms/lobby/long-polling?wait={wait}")
        await link.close()
        return answer.status

    server = await serve()
    url = proxied(server.port, patience=PATIENCE)
    default, too_long = await asyncio.gather(
        held(url, HOLD_SECONDS / SCALE), held(url, 2 * PATIENCE)
    )
    assert default == 200
    assert too_long in (502, 504)  # Apache says 502 when the application is too slow


async def test_pings_keep_a_silent_socket_open_behind_a_proxy(
    proxied: Proxied, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lasts(ping_seconds: float) -> bool:
        monkeypatch.setattr(app, "PING_SECONDS", ping_seconds)
        monkeypatch.setattr(app, "PONG_SECONDS", ping_seconds / 2)
        server = await serve()
        async with joined(proxied(server.port, patience=PATIENCE), "websocket") as client:
            await client.receive()
            with suppress(WebSocketException):
                try:
                    await asyncio.wait_for(client.receive(), 1.5 * PATIENCE)
                except TimeoutError:
                    return True
        return False

    with_pings, without = app.PING_SECONDS / SCALE, 10 * PATIENCE
    assert await asyncio.gather(lasts(with_pings), lasts(without)) == [True, False]


async def post(url: str, address: str, claims: str = "") -> int:
    """Post a message from an address of this machine; give the status."""
    link = await Connection.open(url, local_addr=(address, 0))
    claimed = {"X-Forwarded-For": claims, "X-Real-IP": claims} if claims else {}
    body = b'{"author": "ann", "text": "hi"}'
    answer = await link.ask("POST", "/rooms/lobby/messages", body, claimed)
    await link.close()
    return answer.status


async def post_too_much(url: str, address: str) -> None:
    """Post from an address until the server has had enough."""
    statuses = [await post(url, address) for _ in range(5)]
    assert statuses[-1] == 429


async def test_the_rate_limit_knows_the_clients_behind_a_proxy_apart(
    proxied: Proxied, serve: Serve
) -> None:
    trusted = TrustedProxies([ip_network("127.0.0.1")])
    server = await serve(proxies=trusted, rate=RateLimit(0.1))
    url = proxied(server.port)
    await post_too_much(url, "127.0.0.2")
    assert await post(url, "127.0.0.3") == 201
    assert await post(url, "127.0.0.2", claims="127.0.0.4") == 429


async def test_a_forwarded_address_from_an_untrusted_peer_means_nothing(serve: Serve) -> None:
    trusted = TrustedProxies([ip_network("127.0.0.1")])
    server = await serve(proxies=trusted, rate=RateLimit(0.1))
    await post_too_much(server.url, "127.0.0.2")
    assert await post(server.url, "127.0.0.2", claims="127.0.0.4") == 429


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


def test_the_systemd_unit_starts_the_server_with_options_that_it_has() -> None:
    unit = (DEPLOY / "hold-the-line.service").read_text()
    command = re.search(r"^ExecStart=\S+/python -m tutorial (.*)$", unit, re.MULTILINE)
    assert command is not None
    assert make_parser().parse_args(command[1].split()).trusted_proxy


class Conversation:
    """Writers and readers that don't give up, and what each reader has received."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.received = {transport: Reader() for transport in TRANSPORTS}
        self._progress = asyncio.Condition()
        self._acknowledged = 0

    async def write(self, author: str) -> None:
        """Post MESSAGES_EACH messages, each again with its key until it is acknowledged."""
        for number in range(MESSAGES_EACH):
            await self._post(author, f"{author}-{number}")
            async with self._progress:
                self._acknowledged += 1
                self._progress.notify_all()

    async def _post(self, author: str, text: str) -> None:
        while True:
            with suppress(*BROKEN):
                async with joined(self._url, "short-polling") as client:
                    await client.post(text, author, key=text)
                    return
            await asyncio.sleep(AGAIN_SECONDS)

    async def read(self, transport: str) -> None:
        """Read until every message is there, from the cursor on whenever the connection ends."""
        reader, where = self.received[transport], dict[str, str | int]()
        while len(reader.view) < ALL_MESSAGES:
            with suppress(*BROKEN):
                async with joined(self._url, transport, **where) as client:
                    try:
                        await reader.read(client, lambda reader: len(reader.view) >= ALL_MESSAGES)
                    finally:
                        where = {
                            name: client.query[name] for name in client.query if name == "cursor"
                        }
            await asyncio.sleep(AGAIN_SECONDS)

    async def reaches(self, share: float) -> None:
        """Wait until so much of what there is to post is acknowledged."""
        async with self._progress:
            await self._progress.wait_for(lambda: self._acknowledged >= share * ALL_MESSAGES)


async def converse(url: str, taking_away: AsyncIterator[None]) -> None:
    """Let everybody talk, take processes away in the middle, and see that every reader is exact."""
    talk = Conversation(url)
    async with asyncio.TaskGroup() as everybody:
        for transport in TRANSPORTS:
            everybody.create_task(talk.read(transport))
        for author in AUTHORS:
            everybody.create_task(talk.write(author))
        for share in (0.3, 0.6):
            await talk.reaches(share)
            await anext(taking_away)
    for reader in talk.received.values():
        assert len({message["text"] for message in reader.view}) == ALL_MESSAGES
        assert reader.exact
        assert reader.gaps == 0


async def end(chat: ServerProcess, signum: signal.Signals) -> None:
    """End a process with a signal, and wait until it is gone."""
    chat.process.send_signal(signum)
    await asyncio.to_thread(stop, chat)


async def test_a_process_that_restarts_behind_a_proxy_loses_and_doubles_nothing(
    proxied: Proxied, process: Callable[..., ServerProcess], tmp_path: Path
) -> None:
    async def restarting(chat: ServerProcess) -> AsyncIterator[None]:
        for signum in (signal.SIGTERM, signal.SIGKILL):
            await end(chat, signum)
            chat = await asyncio.to_thread(process, *options)
            yield

    options = (f"--store=sqlite:{tmp_path}/chat.db", f"--port={free_port()}")
    chat = process(*options)
    await converse(proxied(chat.port), restarting(chat))


async def test_one_of_two_processes_behind_a_proxy_can_be_taken_away(
    proxied: Proxied, process: Callable[..., ServerProcess], tmp_path: Path
) -> None:
    async def taking_turns() -> AsyncIterator[None]:
        await end(one, signal.SIGTERM)
        yield
        await asyncio.to_thread(process, store, f"--port={one.port}")
        await end(two, signal.SIGKILL)
        yield

    redis = RedisServer(tmp_path)
    try:
        store = f"--store={redis.url}"
        one, two = process(store), process(store)
        await converse(proxied(one.port, two.port), taking_turns())
    finally:
        redis.kill()
