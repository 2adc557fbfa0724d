"""The laboratory: what the experiments of the chapters ask of the server, beside the chat itself.

All of it is for the reader at this machine alone (see `local`), and none of it runs before it is asked for. A
look inside travels over a WebSocket, so that it takes none of the six connections which the browser has for requests.
"""

from __future__ import annotations

import asyncio
from asyncio import Task
from asyncio.subprocess import Process
from secrets import token_urlsafe
from typing import Any

from tornado.websocket import WebSocketHandler

from transports.chat import Chat
from transports.refusals import Refused
from transports.wire import Unacceptable, parse_object, text_field, to_json
from tutorial.laboratory import runs
from tutorial.laboratory.batching import BatchingHandler
from tutorial.laboratory.blocking_work import InAThreadHandler
from tutorial.laboratory.chaos_controls import ChaosSessions, ChaosSocket
from tutorial.laboratory.runs import RunHandler
from tutorial.laboratory.x_ray import XRay
from tutorial.site.local_only import LocalBodyHandler, LocalHandler

LOOK_SECONDS = 0.25
LOOKS_AT_ONCE = 4


class Looks:
    """The looks that are open, each by a name that only its own page was told."""

    def __init__(self) -> None:
        self._open: dict[str, XRay] = {}

    def begin(self, chat: Chat) -> str:
        """Begin to look; give the look's name. Raises: Refused."""
        if len(self._open) >= LOOKS_AT_ONCE:
            raise Refused(503, f"{LOOKS_AT_ONCE} pages look already: close one")
        name = token_urlsafe(12)
        self._open[name] = XRay(chat)
        return name

    def end(self, name: str) -> None:
        """Look no more."""
        self._open.pop(name).stop()

    def __getitem__(self, name: str) -> XRay:
        if name not in self._open:
            raise Unacceptable("“look” must be one that is open")
        return self._open[name]


class XRaySocket(LocalHandler, WebSocketHandler):
    """`GET /xray` + upgrade → four looks a second, each the changes since the last."""

    _name: str | None = None
    _next: asyncio.TimerHandle | None = None

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._looks: Looks = shared["looks"]

    def open(self) -> None:
        try:
            self._name = self._looks.begin(self.chat)
        except Refused as refusal:
            self.close(1013, str(refusal))
            return
        self.write_message(to_json({"look": self._name, "hold_seconds": self.chat.hold_seconds}))
        self._tell(self._name)

    def _tell(self, name: str) -> None:
        if self.chat.draining:
            self.close(1012, "the server restarts")
            return
        numbers = self.settings["inspector"].numbers()
        self.write_message(to_json(self._looks[name].snapshot() | numbers))
        later = asyncio.get_running_loop().call_later
        self._next = later(LOOK_SECONDS, self._tell, name)

    def on_close(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._name is not None:
            self._looks.end(self._name)


class XRayHandler(LocalBodyHandler):
    """`POST /xray/marks` `{"look", "mark", "action"}` → releases, drops, freezes or thaws one mark."""

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._looks: Looks = shared["looks"]

    def post(self) -> None:
        fields = parse_object(self.body())
        xray = self._looks[text_field(fields, "look", 32)]
        mark, action = fields.get("mark"), text_field(fields, "action", 16)
        done = isinstance(mark, int) and xray.act(mark, action)
        self.finish(to_json({"done": done}))


class Laboratory:
    """What the experiments of one server have open."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._chaos = ChaosSessions()
        self._running: dict[Process, Task[Any]] = {}

    def routes(self) -> list[tuple[Any, ...]]:
        """Return the laboratory's addresses, for the application to serve beside the chat and the pages."""
        looks = {"chat": self._chat, "looks": Looks()}
        return [
            (r"/xray", XRaySocket, looks),
            (r"/xray/marks", XRayHandler, looks),
            (r"/chaos", ChaosSocket, {"chat": self._chat, "sessions": self._chaos}),
            (
                rf"/runs/({'|'.join(runs.NAMES)})",
                RunHandler,
                {"chat": self._chat, "running": self._running},
            ),
            (r"/rooms/([^/]*)/batching", BatchingHandler, {"chat": self._chat}),
            (r"/slow/in-a-thread", InAThreadHandler, {"chat": self._chat}),
        ]

    async def close(self) -> None:
        """Take away what pages have left open."""
        for process in self._running:
            runs.end(process)
        if self._running:
            await asyncio.wait(self._running.values())  # nothing of them outlives the loop
        await self._chaos.close()
