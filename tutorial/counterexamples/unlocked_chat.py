"""A small chat as many examples write it: it works, and five attacks succeed. Wrong on purpose.

Ann signs in with her token, and her page shows the messages of her room as they come. `locks` has a class for each
thing that is missing here, and `make_app` puts any of them in front. Only a run of `attacks` serves this.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

PAGES = Path(__file__).parent / "unlocked_pages"


@dataclass
class AnnsRoom:
    """A room for those who have its token, and what its server writes down."""

    messages: list[dict[str, str]] = field(default_factory=list)
    sockets: set[Socket] = field(default_factory=set)
    token: str = field(default_factory=lambda: token_hex(8))
    access_log: list[str] = field(default_factory=list)
    seen: asyncio.Event = field(default_factory=asyncio.Event)  # Ann's page has shown them all

    def post(self, author: str, text: str) -> None:
        """Keep a message, and send it to all who are here."""
        self.messages.append({"author": author, "text": text})
        for socket in self.sockets:
            socket.write_message({"messages": self.messages[-1:]})


class UnlockedHandler(RequestHandler):
    """Answers the members of a room; a public address answers everybody."""

    public = False

    def initialize(self, room: AnnsRoom) -> None:
        self.room = room

    def set_default_headers(self) -> None:
        self.allow_other_origins()

    def allow_other_origins(self) -> None:
        self.set_header("Access-Control-Allow-Origin", self.request.headers.get("Origin", "*"))
        self.set_header("Access-Control-Allow-Credentials", "true")
        self.set_header("Access-Control-Allow-Headers", "Content-Type")

    def prepare(self) -> None:
        self.write_log_line()
        if not self.public and self.request.method != "OPTIONS" and not self.is_member():
            raise HTTPError(401)

    def write_log_line(self) -> None:
        self.room.access_log.append(f"{self.request.method} {self.request.uri}")

    def is_member(self) -> bool:
        return self.shown_token() == self.room.token

    def shown_token(self) -> str | None:
        return self.get_query_argument("token", None) or self.get_cookie("session")

    def options(self) -> None:
        self.set_status(204)


class Messages(UnlockedHandler):
    """`GET /messages` → all of them; `POST /messages` → one more."""

    def get(self) -> None:
        self.write({"messages": self.room.messages})

    def post(self) -> None:
        self.room.post("ann", json.loads(self.request.body)["text"])


class Socket(UnlockedHandler, WebSocketHandler):
    """`GET /socket` + upgrade → the messages, one a frame; “seen” comes back when they are shown."""

    def check_origin(self, origin: str) -> bool:
        return True

    def open(self) -> None:
        self.room.sockets.add(self)
        self.write_message({"messages": self.room.messages})

    def on_message(self, message: str | bytes) -> None:
        if message == "seen":
            self.room.seen.set()

    def on_close(self) -> None:
        self.room.sockets.discard(self)


class SignIn(UnlockedHandler):
    """`POST /sign-in` `{"token"}` → a cookie that no script can read, and no other site sends."""

    def is_member(self) -> bool:
        return bool(json.loads(self.request.body)["token"] == self.room.token)

    def post(self) -> None:
        self.set_cookie("session", self.room.token, httponly=True, samesite="Strict", max_age=60)


class PageFile(UnlockedHandler):
    """What Ann's page is made of; everybody may have it."""

    public = True
    show = "show_markup.js"

    def get(self, name: str) -> None:
        name = {"": "page.html", "show.js": self.show}.get(name, name)
        kinds = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
        self.set_header("Content-Type", f"{kinds[Path(name).suffix]}; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write((PAGES / name).read_bytes())


def make_app(room: AnnsRoom, locks: Sequence[type[UnlockedHandler]] = ()) -> Application:
    """Make the application, with some locks put in front of what every address does."""

    def locked(handler: type[UnlockedHandler]) -> type[Any]:
        return type(handler.__name__, (*locks, handler), {})

    table: dict[str, type[UnlockedHandler]] = {
        r"/messages": Messages,
        r"/socket": Socket,
        r"/sign-in": SignIn,
        r"/(|chat\.js|show\.js|style\.css)": PageFile,
    }
    shared = {"room": room}
    routes: list[Any] = [(path, locked(handler), shared) for path, handler in table.items()]
    return Application(routes, log_function=lambda _: None)
