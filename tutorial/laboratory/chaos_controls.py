"""Chaos knobs: a page's hand on the wires between itself and a server.

The wires live as long as the page's socket: closing the page puts everything back. Each transport may have a wire of
its own, with its own port, so that one can be cut while the others go on – and with six connections of its own.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from contextlib import suppress
from dataclasses import fields as fields_of
from typing import Any, cast

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from transports.chat import Chat
from transports.wire import Malformed, Unacceptable, parse_object, text_field, to_json
from tutorial.laboratory.chaos import Knobs, Way, Wire
from tutorial.laboratory.disposable_server import STORES, Throwaway
from tutorial.site.local_only import LocalHandler

KNOBS = {knob.name: 10_000.0 for knob in fields_of(Knobs)} | {"drip": 1e6}  # and how far each turns
WIRES_AT_ONCE = 6
STALL_SECONDS = 3.0
RESTART_SECONDS = 1.0


class Bench:
    """One page's wires, and the server at their other end: this one, or one to throw away."""

    def __init__(self, own_port: int, origin: str, store: str) -> None:
        self._own_port = own_port
        self._throwaway = Throwaway(store, origin) if store in STORES else None
        self._later: set[asyncio.Task[None]] = set()
        self.wires: dict[str, Wire] = {}

    async def open(self, names: list[str], hear: Any) -> dict[str, int]:
        """Lay the wires; give the port of each. `hear` is told (name, connection, way, bytes)."""
        upstream = await self._throwaway.start() if self._throwaway else self._own_port
        for name in names:

            def tell(number: int, way: Way, data: bytes, name: str = name) -> None:
                hear(name, number, way, data)

            self.wires[name] = Wire(upstream, listener=tell if hear else None)
        return {name: await wire.listen() for name, wire in self.wires.items()}

    async def close(self) -> None:
        """Take all of it away."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        for wire in self.wires.values():
            await wire.close()
        if self._throwaway:
            await self._throwaway.close()

    def obey(self, fields: dict[str, Any]) -> None:
        """Turn the knobs that are named, then do what is asked; to the wire named, or to all.

        Raises: Unacceptable.
        """
        named = [wire for name, wire in self.wires.items() if name == fields.get("wire")]
        wires = named or list(self.wires.values())
        for wire in wires:
            self._turn(wire, fields)
        if "do" in fields:
            self._do(wires, text_field(fields, "do", 16))

    def _turn(self, wire: Wire, knobs: dict[str, Any]) -> None:
        for name in KNOBS.keys() & knobs.keys():
            value = knobs[name]
            if type(value) not in (int, float) or not 0 <= value <= KNOBS[name]:
                raise Unacceptable(f"“{name}” must be a number from 0 to {KNOBS[name]:g}")
            setattr(wire.knobs, name, value)

    def _do(self, wires: list[Wire], action: str) -> None:
        if action == "restart":
            self._begin(self._restart())
        elif action in ("cut", "freeze", "thaw"):
            for wire in wires:
                getattr(wire, action)()
        elif action == "stall":
            for wire in wires:
                self._begin(self._stall(wire))
        else:
            raise Unacceptable("“do” must be “cut”, “freeze”, “thaw”, “stall” or “restart”")

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _stall(self, wire: Wire) -> None:
        wire.freeze()
        await asyncio.sleep(STALL_SECONDS)
        wire.thaw()

    async def _restart(self) -> None:
        """Restart the throw-away server; of our own, only the wires can show what its clients would see."""
        if self._throwaway:
            await self._throwaway.stop()
            await self._throwaway.start()
            return
        for wire in self.wires.values():
            wire.deafen()
            wire.cut()
        await asyncio.sleep(RESTART_SECONDS)
        for wire in self.wires.values():
            await wire.listen()


class Benches:
    """The benches of all pages that are open."""

    def __init__(self) -> None:
        self._open: set[Bench] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def add(self, bench: Bench) -> None:
        """Keep a bench until its page goes."""
        self._open.add(bench)

    def end(self, bench: Bench) -> None:
        """Take a bench away, in its own time."""
        self._open.discard(bench)
        closing = asyncio.ensure_future(bench.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Take all of them away, and return when they are gone."""
        for bench in list(self._open):
            self.end(bench)
        await asyncio.gather(*self._closing)


class ChaosSocket(LocalHandler, WebSocketHandler):
    """`GET /chaos?wires=a,b&server=&record=` + upgrade → the wires' ports; then takes knobs and actions as JSON."""

    _bench: Bench | None = None

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._benches: Benches = shared["benches"]

    async def open(self) -> None:
        names = self.get_query_argument("wires", "all").split(",")[:WIRES_AT_ONCE]
        origin = self.request.headers.get("Origin", f"http://{self.request.host}")
        trusted = self.settings["trusted_origins"]
        if origin not in trusted:  # it is this server's own page: see `is_local`
            trusted.append(origin)
        hear = self._hear if self.get_query_argument("record", "") else None
        own_port = cast(Any, self.ws_connection).stream.socket.getsockname()[1]
        self._bench = Bench(own_port, origin, self.get_query_argument("server", ""))
        self._benches.add(self._bench)
        await self.write_message(to_json({"ports": await self._bench.open(names, hear)}))

    def _hear(self, name: str, number: int, way: Way, data: bytes) -> None:
        told = {"wire": name, "connection": number, "way": way, "at": time.time()}
        with suppress(WebSocketClosedError):
            self.write_message(to_json(told | {"bytes": b64encode(data).decode()}))

    def on_message(self, message: str | bytes) -> None:
        if self._bench is not None:
            try:
                self._bench.obey(parse_object(message))
            except (Malformed, Unacceptable) as error:
                self.write_message(to_json({"error": str(error)}))

    def on_close(self) -> None:
        if self._bench is not None:
            self._benches.end(self._bench)
