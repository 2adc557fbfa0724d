"""Run nginx or HAProxy with the learner's file, between a browser and a server of the check's own.

The verdict is about contents and order, and never about a clock: an event must come through before
the polls that were sent after it; and which of two patiences ends first is read from the proxy's
log, in which a third server of the check's has exactly the patience that is needed.
"""

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tutorial.exercises.checking.haproxy import HAPROXY, SECTION
from tutorial.exercises.checking.nginx import NGINX
from tutorial.exercises.checking.origin import EVENT, Origin
from tutorial.exercises.checking.proxy import BACKEND, LISTENS, NotStarted, Proxy, Running
from tutorial.exercises.sandbox.process import own_loop
from tutorial.exercises.sandbox.starting import reserved_port
from tutorial.exercises.verdict import Event, Failure

READ_PROXY = "A proxy in between"
READ_LINES = "From symptom to line"

HOST = "chat.example.com:8080"
ROOM = "/rooms/lobby"
POLLS = 3
STREAMS = 5  # what is late by 200 ms is overtaken in one of them, however slow this machine is
HOLD_SECONDS, SILENCE_SECONDS = 55, 30  # the longest hold; a ping, and the time to answer it
FAULT_SECONDS = 20.0  # only what will never come takes so long
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
WAITS = (
    ("long-polling", HOLD_SECONDS, f"a request can be held for {HOLD_SECONDS} s"),
    ("websocket", SILENCE_SECONDS, f"a WebSocket may be silent for {SILENCE_SECONDS} s"),
    ("server-sent-events", SILENCE_SECONDS, f"a stream may be silent for {SILENCE_SECONDS} s"),
)
CLAIM = "192.0.2.9"
FRAME = b"\x81\x82\x00\x00\x00\x00hi"


async def check(path: Path) -> str:
    """Return what passes the learner's proxy unharmed."""
    text = path.read_text("utf-8", "replace")  # noqa: ASYNC240 (nothing else runs yet)
    proxy = HAPROXY if SECTION.search(text) else NGINX
    async with Origin() as origin:
        with ExitStack() as everything:
            port, beside = (everything.enter_context(reserved_port()) for _ in range(2))
            site = proxy.faster(fitted(text, port, origin.port))
            site += reference(proxy, beside, origin.port)
            running = everything.enter_context(started(proxy, site, port))
            async with asyncio.timeout(FAULT_SECONDS):
                browser = Browser(port, origin, proxy)
                everything.callback(browser.hang_up)
                await browser.is_seen()
                await browser.upgrades()
                await browser.streams()
                await browser.waits(beside, running, text)
    return (
        f"an event overtaken by none of {POLLS} polls, a request held for {HOLD_SECONDS} s, a "
        f"WebSocket silent for {SILENCE_SECONDS} s, and the server saw the browser’s Host and address"
    )


@contextmanager
def started(proxy: Proxy, site: str, port: int) -> Iterator[Running]:
    """Run the proxy until the block ends. Raises: Failure, when it doesn't run with this file."""
    try:
        with proxy.running(site, port) as running:
            yield running
    except NotStarted as reason:
        expected = f"{proxy.name} runs with your file"
        raise Failure(expected, str(reason), read=READ_PROXY) from None


def fitted(text: str, port: int, backend: int) -> str:
    """Return the file with the check's ports. Raises: Failure, when it has none to replace."""
    for pattern, needed in (
        (LISTENS, "a server that listens on 8080"),
        (BACKEND, "a server behind it at 127.0.0.1:8888"),
    ):
        if not pattern.search(re.sub(r"#.*", "", text)):
            raise Failure(needed, "none in your file", read=READ_PROXY)
    text = LISTENS.sub(rf"\g<1>127.0.0.1:{port}", text)
    return BACKEND.sub(f"127.0.0.1:{backend}", text)


def reference(proxy: Proxy, port: int, backend: int) -> str:
    """Return a server whose patience is what is needed, and not more."""
    patience = {seconds: proxy.sooner(f"{seconds}s") for seconds in (HOLD_SECONDS, SILENCE_SECONDS)}
    return proxy.reference(port, backend, patience)


class Browser:
    """Asks through the learner's proxy what a browser asks."""

    def __init__(self, port: int, origin: Origin, proxy: Proxy) -> None:
        self._port, self._origin, self._proxy = port, origin, proxy
        self._open: list[StreamWriter] = []
        self._events: list[Event] = []

    def _note(self, text: str) -> None:
        self._events.append(Event(None, text))

    def _wrong(self, expected: str, got: str, read: str = READ_LINES) -> Failure:
        return Failure(expected, got, read=read, timeline=self._events)

    async def _connect(self, port: int) -> tuple[StreamReader, StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._open.append(writer)
        return reader, writer

    async def _ask(
        self, path: str, headers: dict[str, str] | None = None
    ) -> tuple[StreamReader, StreamWriter]:
        reader, writer = await self._connect(self._port)
        writer.write(_request(path, headers or {}))
        return reader, writer

    def hang_up(self) -> None:
        """Close what is open, and begin a new story."""
        for writer in self._open:
            writer.close()
        self._open.clear()
        self._events.clear()

    async def _poll(self) -> str:
        """Poll, and return the answer's status."""
        reader, _ = await self._ask(f"{ROOM}/short-polling", {"X-Forwarded-For": CLAIM})
        return (await reader.readline()).decode("latin-1").strip().partition(" ")[2]

    def _seen(self, *names: str) -> str:
        """Return what the server saw last, as far as these headers go."""
        request = self._origin.asked[-1]
        headers = [f"{name}: {request.headers.get(name.lower(), 'none')}" for name in names]
        return ", ".join([request.line, *headers])

    async def is_seen(self) -> None:
        """The server must know which site was asked, and by whom. Raises: Failure."""
        self._note(f"a client at 127.0.0.1 asks for Host: {HOST}, X-Forwarded-For: {CLAIM}")
        status = await self._poll()
        if not self._origin.asked:
            raise self._wrong("the request reaches the server", f"“{status}”", READ_PROXY)
        self._note(f"the server gets {self._seen('Host', 'X-Forwarded-For')}")
        headers = self._origin.asked[-1].headers
        if headers.get("host") != HOST:
            expected = f"the server sees the Host that the browser named, “{HOST}”"
            raise self._wrong(
                expected, f"“{headers.get('host')}”, and takes its page for another site’s"
            )
        client = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if client != "127.0.0.1":
            expected = "the server learns the client’s address, 127.0.0.1, from X-Forwarded-For"
            claimed = f"“{client}”, which the client made up"
            raise self._wrong(expected, claimed if client == CLAIM else f"“{client}”")
        self.hang_up()

    async def upgrades(self) -> None:
        """A WebSocket must open, and carry a frame each way. Raises: Failure."""
        self._note(f"the browser asks GET {ROOM}/websocket, Connection: Upgrade")
        reader, writer = await self._ask(f"{ROOM}/websocket", UPGRADE)
        status = (await reader.readline()).decode("latin-1").strip()
        self._note(f"the server gets {self._seen('Upgrade', 'Connection')}")
        if " 101 " not in status:
            raise self._wrong("the WebSocket opens, with status 101", f"“{status}”")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(FRAME)
        await reader.readexactly(len(FRAME))
        self.hang_up()

    async def streams(self) -> None:
        """An event must not wait for the next one, however the stream is framed. Raises: Failure."""
        await self._streams(f"{ROOM}/server-sent-events?until-closed")
        for _ in range(STREAMS):
            await self._streams(f"{ROOM}/server-sent-events?chunked")

    async def _streams(self, path: str) -> None:
        self._origin.asked.clear()
        self._note("the server sends one event, and has nothing more to say")
        reader, _ = await self._ask(path)
        received = bytearray()
        reading = asyncio.create_task(_collect(reader, received))
        while not any(f" {path} " in one.line for one in self._origin.asked):
            await own_loop().until_idle()
        for _ in range(POLLS):
            await self._poll()
        await own_loop().until_idle()
        reading.cancel()
        self._note(f"{POLLS} polls are asked after it, and answered through the same proxy")
        if EVENT not in received:
            raise self._wrong("the reader has the event", f"nothing of it: {self._proxy.keeps}")
        self.hang_up()

    async def waits(self, beside: int, running: Running, text: str) -> None:
        """What is held or silent must outlast what the chat needs. Raises: Failure."""
        asked = [(beside, f"/{seconds}") for seconds in (HOLD_SECONDS, SILENCE_SECONDS)]
        asked += [(self._port, f"{ROOM}/{name}") for name, _, _ in WAITS]
        links = [await self._connect(port) for port, _ in asked]
        for (_, writer), (_, path) in zip(links, asked, strict=True):  # what is needed begins first
            writer.write(_request(path, UPGRADE if path.endswith("websocket") else {}))
        await links[0][0].readline()
        ended = [line for line in running.log if self._proxy.timed_out.search(line)]
        for name, seconds, expected in WAITS:
            path = f"{ROOM}/{name}"
            if _place(ended, path) < _place(ended, f"/{seconds}"):
                self._note(f"the browser asks GET {path}, and the server has nothing to say")
                self._note(self._proxy.complaint)
                given = self._proxy.patience_in(text)
                raise self._wrong(expected, f"{self._proxy.name} gave it up earlier: {given}")


def _request(path: str, headers: dict[str, str]) -> bytes:
    named = {"Host": HOST, **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _place(log: list[str], path: str) -> int:
    """Return where in a log the first request of this path ended; behind the end if it didn't."""
    return next((at for at, line in enumerate(log) if f'"GET {path} ' in line), len(log))


async def _collect(reader: StreamReader, received: bytearray) -> None:
    while data := await reader.read(4096):
        received += data
