"""All experiments on one page each, before and beside the chapters: `python -m tests.support.gallery`.

Serves the tutorial with `/gallery?show=x-ray,interval-lab` on a free port, and prints where. The page has the site's
own styles and its Content-Security-Policy, so what works here works in a chapter. `/truth` is what the server knows of
each message that a poll was answered with – over what, and how long after it was sent – and of each poll’s bytes;
`DELETE /truth` waits until nobody is connected, and forgets it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from markupsafe import Markup
from tornado.web import RequestHandler

from tests.support.server_process import ROOT
from tests.support.waiting import until
from transports.app import TRANSPORTS, make_app
from transports.chat import Chat
from transports.handler import RoomHandler
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from transports.wire import Batch
from tutorial import counterexamples
from tutorial.book import measured_numbers
from tutorial.book.placeholders import filled
from tutorial.book.scripts import scripts_of
from tutorial.counterexamples.cursorless import CursorlessHandler
from tutorial.laboratory import runs
from tutorial.laboratory.routes import Laboratory
from tutorial.site import bets, book_pages, choosing_page
from tutorial.site.pages import routes
from tutorial.site.security_headers import protect

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Gallery</title>
<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/transports.css">
<link rel="stylesheet" href="/static/css/chapter.css">
<link rel="stylesheet" href="/static/css/chat.css"><link rel="stylesheet" href="/static/css/experiments.css">
{scripts}<script src="/static/js/site/theme.js"></script></head>
<body class="page chapter"><main class="book"><div class="prose"><h1>Gallery</h1><h2>As in a chapter</h2>
<p>An experiment stands in the text, as a figure does; before and after it there is prose, and nothing may move.</p>
{elements}
<p id="after">What follows.</p></div></main><button id="theme" class="quiet" hidden></button></body></html>"""
BETS = {
    "bet-number": '<x-bet name="2.delay" chapter="2" for="interval-lab" measure="mean" unit="ms" '
    'question="How late is a message, in the mean, when T is one second?"></x-bet>',
    "bet-ranking": '<x-bet name="0.delay" chapter="0" measure="delay" '
    'rank="short polling, long polling, WebSocket, server-sent events" '
    'question="Which is the fastest? Order them."></x-bet>',
}


class Gallery(RequestHandler):
    def get(self) -> None:
        names = self.get_query_argument("show").split(",")
        tags = ["x-bet" if name in BETS else name for name in names]
        scripts = [f'<script type="module" src="{script}"></script>' for script in scripts_of(tags)]
        elements = [
            BETS.get(name, f'<div class="experiment">{filled(name, *[Markup("")] * 3)}</div>')
            for name in names
        ]
        protect(self)
        self.write(PAGE.format(scripts="".join(scripts), elements="\n".join(elements)))


ANSWERED: list[tuple[str, str, int, float]] = []  # transport, room, message, ms after it was sent
POLLS: list[tuple[str, str, int]] = []  # transport, room, bytes of request and answer


def noting(handler: type[RoomHandler]) -> type[RoomHandler]:
    """Make a handler that also notes what it answers."""

    def answer(self: RoomHandler, batch: Batch, *timing: str) -> None:
        stream = cast(Any, self.request.connection).stream
        request = self.request
        lines = [f"{request.method} {request.uri} {request.version}"]
        lines += [f"{name}: {value}" for name, value in request.headers.get_all()]
        before = stream.sent
        handler.answer(self, batch, *timing)
        now = time.time()
        asked = len("\r\n".join(lines)) + 4
        POLLS.append((handler.transport, batch.room, asked + stream.sent - before))
        for message in batch.messages:
            ANSWERED.append(
                (handler.transport, batch.room, message.id, 1000 * (now - message.sent_at))
            )

    return type(handler.__name__, (handler,), {"answer": answer})


class Truth(RequestHandler):
    def initialize(self, chat: Chat) -> None:
        self._chat = chat

    def get(self) -> None:
        self.write({"answered": ANSWERED, "polls": POLLS})

    async def delete(self) -> None:
        connections = self._chat.connections
        await until(lambda: not connections.in_progress and not connections.lasting)
        for counted in (ANSWERED, POLLS, self._chat.requests):
            counted.clear()


async def serve(folder: Path) -> None:
    measured_numbers.YOURS = runs.YOURS = folder / "measured.json"  # and not the developer's own
    rooms = Rooms(make_store("memory", 1000), 1000)
    await rooms.open()
    chat = Chat(rooms)
    laboratory = Laboratory(chat)
    wrong = [
        (path, noting(handler) if handler is CursorlessHandler else handler, given)
        for path, handler, given in counterexamples.routes(chat)
    ]
    pages: list[Any] = [(r"/gallery", Gallery), (r"/truth", Truth, {"chat": chat}), *wrong]
    pages += [*laboratory.routes(), *bets.routes(chat, folder), *choosing_page.routes()]
    pages += [*book_pages.routes(chat), *routes()]
    polls = {name: noting(TRANSPORTS[name]) for name in ("short-polling", "long-polling")}
    server = Server(chat, make_app(chat, pages, transports=TRANSPORTS | polls))
    print(f"http://127.0.0.1:{server.listen(0)}", flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)  # until the process that started us hangs up
    finally:
        await server.drain()
        await laboratory.close()


@contextmanager
def serving_gallery() -> Iterator[str]:
    """Serve the gallery from a process of its own, and yield its address."""
    command = [sys.executable, "-m", "tests.support.gallery"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()
        _, errors = process.communicate(timeout=20)
    assert b"Traceback" not in errors, errors.decode()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(Path(folder)))
