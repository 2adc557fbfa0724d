"""X-ray sessions: the pages that watch the inside of this server, four snapshots a second.

A snapshot travels over a WebSocket, because that takes none of the six connections that a browser has for requests.
"""

from __future__ import annotations

import asyncio
from secrets import token_urlsafe
from typing import Any

from transports.chat import Chat
from transports.refusals import Refused
from transports.wire import Unacceptable, parse_object, text_field, to_json
from tutorial.laboratory.local_socket import LocalSocket
from tutorial.laboratory.x_ray import XRay
from tutorial.site.local_only import LocalBodyHandler

SNAPSHOT_SECONDS = 0.25
SESSIONS_AT_ONCE = 4


class XRaySessions:
    """The sessions that are open, each by a name that only its own page knows."""

    def __init__(self) -> None:
        self._open: dict[str, XRay] = {}

    def begin(self, chat: Chat) -> str:
        """Begin a session; return its name. Raises: Refused."""
        if len(self._open) >= SESSIONS_AT_ONCE:
            raise Refused(503, f"{SESSIONS_AT_ONCE} pages look inside already: close one")
        name = token_urlsafe(12)
        self._open[name] = XRay(chat)
        return name

    def end(self, name: str) -> None:
        """End a session."""
        self._open.pop(name).stop()

    def __getitem__(self, name: str) -> XRay:
        if name not in self._open:
            raise Unacceptable("“session” must be one that is open")
        return self._open[name]


class XRaySocket(LocalSocket):
    """`GET /xray` + upgrade → four snapshots a second, each the changes since the last."""

    _name: str | None = None
    _next: asyncio.TimerHandle | None = None

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._sessions: XRaySessions = shared["sessions"]

    def open(self) -> None:
        if self.has_closed:
            return
        try:
            self._name = self._sessions.begin(self.chat)
        except Refused as refusal:
            self.close(1013, str(refusal))
            return
        self.send({"session": self._name, "hold_seconds": self.chat.hold_seconds})
        self._send_snapshot(self._name)

    def _send_snapshot(self, name: str) -> None:
        if self.chat.draining:
            self.close(1012, "the server restarts")
            return
        numbers = self.settings["inspector"].numbers()
        self.send(self._sessions[name].snapshot() | numbers)
        later = asyncio.get_running_loop().call_later
        self._next = later(SNAPSHOT_SECONDS, self._send_snapshot, name)

    def on_close(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._name is not None:
            self._sessions.end(self._name)


class XRayHandler(LocalBodyHandler):
    """`POST /xray/marks` `{"session", "mark", "action"}` → releases, drops, freezes or thaws one mark."""

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._sessions: XRaySessions = shared["sessions"]

    def post(self) -> None:
        fields = parse_object(self.body())
        xray = self._sessions[text_field(fields, "session", 32)]
        mark, action = fields.get("mark"), text_field(fields, "action", 16)
        done = isinstance(mark, int) and xray.act(mark, action)
        self.finish(to_json({"done": done}))
