"""Chaos controls: a page's links to a server, and what it does to them.

The links live as long as the page's socket: closing the page removes them all. Each transport may have a link of its
own, with a port of its own, so that one can be cut while the others go on – and with six connections of its own.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Coroutine
from dataclasses import fields as fields_of
from typing import Any, cast

from transports.chat import Chat
from transports.wire import Malformed, Unacceptable, parse_object, text_field
from tutorial.laboratory.chaos import Conditions, Link, Way
from tutorial.laboratory.disposable_server import STORES, DisposableServer
from tutorial.laboratory.local_socket import LocalSocket

# The greatest value of each condition.
BOUNDS = {field.name: 10_000.0 for field in fields_of(Conditions)} | {"drip": 1e6, "loss": 100}
LINKS_AT_ONCE = 6
STALL_SECONDS = 3.0
RESTART_SECONDS = 1.0

ByteListener = Callable[[str, int, Way, bytes], None]  # (link, connection, way, bytes)


class ChaosSession:
    """One page's links, and the server at their other end: this one, or a disposable one."""

    def __init__(self, own_port: int, origin: str, store: str) -> None:
        self._own_port = own_port
        self._disposable = DisposableServer(store, origin) if store in STORES else None
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened = asyncio.Event()
        self.links: dict[str, Link] = {}

    async def open(self, names: list[str], listener: ByteListener | None) -> dict[str, int]:
        """Open the links; return the port of each. The `listener` gets every byte that they carry."""
        try:
            upstream = await self._disposable.start() if self._disposable else self._own_port
            for name in names:
                self.links[name] = Link(upstream, listener=_named(name, listener))
            return {name: await link.listen() for name, link in self.links.items()}
        finally:
            self._opened.set()

    async def close(self) -> None:
        """Remove all of it, also what is still being opened."""
        await self._opened.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self.links.values():
            await link.close()
        if self._disposable:
            await self._disposable.close()

    def apply(self, fields: dict[str, Any]) -> None:
        """Set the conditions that are named, then do what is asked, to the link named or to all.

        Raises: Unacceptable.
        """
        named = [link for name, link in self.links.items() if name == fields.get("link")]
        links = named or list(self.links.values())
        for link in links:
            _set(link.conditions, fields)
        if "do" in fields:
            self._do(links, text_field(fields, "do", 16))

    def _do(self, links: list[Link], action: str) -> None:
        if action == "restart":
            self._begin(self._restart())
        elif action in ("cut", "freeze", "thaw"):
            for link in links:
                getattr(link, action)()
        elif action == "stall":
            for link in links:
                self._begin(_stall(link))
        else:
            raise Unacceptable("“do” must be “cut”, “freeze”, “thaw”, “stall” or “restart”")

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _restart(self) -> None:
        """Restart the disposable server; for our own, only the links can show what its clients would see."""
        if self._disposable:
            await self._disposable.stop()
            await self._disposable.start()
            return
        for link in self.links.values():
            link.stop_listening()
            link.cut()
        await asyncio.sleep(RESTART_SECONDS)
        for link in self.links.values():
            await link.listen()


def _named(name: str, listener: ByteListener | None) -> Callable[[int, Way, bytes], None] | None:
    if listener is None:
        return None
    return lambda number, way, data: listener(name, number, way, data)


def _set(conditions: Conditions, fields: dict[str, Any]) -> None:
    for name in BOUNDS.keys() & fields.keys():
        value = fields[name]
        if type(value) not in (int, float) or not 0 <= value <= BOUNDS[name]:
            raise Unacceptable(f"“{name}” must be a number from 0 to {BOUNDS[name]:g}")
        setattr(conditions, name, value)


async def _stall(link: Link) -> None:
    link.freeze()
    await asyncio.sleep(STALL_SECONDS)
    link.thaw()


class ChaosSessions:
    """The sessions of all pages that are open."""

    def __init__(self) -> None:
        self._open: set[ChaosSession] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def add(self, session: ChaosSession) -> None:
        """Keep a session until its page goes."""
        self._open.add(session)

    def end(self, session: ChaosSession) -> None:
        """Begin to close a session."""
        self._open.discard(session)
        closing = asyncio.ensure_future(session.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close all of them, and return when they are gone."""
        for session in list(self._open):
            self.end(session)
        await asyncio.gather(*self._closing)


class ChaosSocket(LocalSocket):
    """`GET /chaos?links=a,b&server=&record=` + upgrade → the ports; then takes conditions and actions."""

    _session: ChaosSession | None = None

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._sessions: ChaosSessions = shared["sessions"]

    async def open(self) -> None:
        if self.has_closed:
            return
        names = self.get_query_argument("links", "all").split(",")[:LINKS_AT_ONCE]
        origin = self.request.headers.get("Origin", f"http://{self.request.host}")
        trusted = self.settings["trusted_origins"]
        if origin not in trusted:  # it is this server's own page: see `is_local`
            trusted.append(origin)
        listener = self._report if self.get_query_argument("record", "") else None
        own_port = cast(Any, self.ws_connection).stream.socket.getsockname()[1]
        self._session = ChaosSession(own_port, origin, self.get_query_argument("server", ""))
        self._sessions.add(self._session)
        self.send({"ports": await self._session.open(names, listener)})

    def _report(self, name: str, number: int, way: Way, data: bytes) -> None:
        carried = {"link": name, "connection": number, "way": way, "at": time.time()}
        self.send(carried | {"bytes": b64encode(data).decode()})

    def on_message(self, message: str | bytes) -> None:
        if self._session is not None:
            try:
                self._session.apply(parse_object(message))
            except (Malformed, Unacceptable) as error:
                self.send({"error": str(error)})

    def on_close(self) -> None:
        if self._session is not None:
            self._sessions.end(self._session)
