"""The server behind a proxy, as a check uses it: it notes what it is asked, and does what the address says.

…/short-polling        is answered at once
…/long-polling         is held, for ever
…/server-sent-events   begins a stream, with one event; with ?chunked, in chunks, and else until it
                       closes: nginx holds back the second kind, and HAProxy the first
…/websocket            upgrades, if it is asked to; then sends back what comes
"""

import asyncio
from dataclasses import dataclass
from types import TracebackType

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
EVENT = b"event: batch\ndata: {}\nid: 1\n\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
UNTIL_CLOSED = STREAM + b"Connection: close\r\n\r\n" + EVENT
IN_CHUNKS = STREAM + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(EVENT), EVENT)
NO_UPGRADE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Request:
    """The first line of a request, and its headers by their names in lower case."""

    line: str
    headers: dict[str, str]

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket, as RFC 6455 §4.1 says."""
        asked = self.headers.get("upgrade", ""), self.headers.get("connection", "")
        words = [word.strip() for word in asked[1].lower().split(",")]
        return self.line.endswith("HTTP/1.1") and asked[0] == "websocket" and "upgrade" in words


class Origin:
    """Listens on a port of its own for the length of an `async with`; `asked` has all requests."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Origin":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                request = await read_request(reader)
                if not request.line.startswith("GET /healthz "):  # a proxy's own question
                    self.asked.append(request)
                await self._answer(request, reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the proxy hung up
        finally:
            writer.close()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        transport, _, framing = request.line.split()[1].rpartition("/")[2].partition("?")
        match transport:
            case "websocket" if request.upgrades:
                writer.write(SWITCHING)
                while data := await reader.read(4096):
                    writer.write(data)
            case "websocket":
                writer.write(NO_UPGRADE)
            case "server-sent-events":
                writer.write(IN_CHUNKS if framing == "chunked" else UNTIL_CLOSED)
                await reader.read()
            case "short-polling" | "healthz":
                writer.write(ANSWER)
                if request.headers.get("connection") != "close":
                    return
            case _:
                await reader.read()  # held, until the proxy hangs up
        writer.close()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read a request without a body. Raises: asyncio.IncompleteReadError, when there is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    named = (line.split(":", 1) for line in lines)
    return Request(first, {name.lower(): value.strip() for name, value in named})
