"""What a client of the chat does, once for each transport: `joined(url, transport)` with `.post()` and `.receive()`.

    async with joined(url, "websocket", cursor="now") as client:
        await client.post("hi")
        batch = await client.receive()

These are pure clients: they speak the wire contract over real sockets, and import nothing of `transports/`. A new
transport is tested by adding one class here: how it receives the next batch. `Reader` does a client's whole duty.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.http import Connection
from tests.support.waiting import PATIENCE_SECONDS

POLL_SECONDS = 0.005
EXACT = "0 lost, 0 doubled, 0 out of order, 0 gaps"


@dataclass(frozen=True)
class Batch:
    """A batch as it came. `raw` is its bytes."""

    raw: bytes

    def __getattr__(self, member: str) -> Any:
        try:
            return json.loads(self.raw)[member]
        except KeyError as missing:
            raise AttributeError(member) from missing

    @property
    def ids(self) -> list[int]:
        return [message["id"] for message in self.messages]

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages]

    @property
    def has_news(self) -> bool:
        return bool(self.messages or self.gap)


class Refused(Exception):
    """The server refused: `status`, and its whole `problem`."""

    def __init__(self, status: int, problem: dict[str, Any], headers: dict[str, str]) -> None:
        super().__init__(status, problem)
        self.status = status
        self.problem = problem
        self.headers = headers


def problem_of(body: bytes) -> dict[str, Any]:
    """Return a refusal’s problem; what is none says what came in its place."""
    try:
        problem: dict[str, Any] = json.loads(body)
    except ValueError:
        return {"detail": f"no problem in JSON, but {body!r}"}
    return problem


async def reopened(connection: Connection | None, url: str) -> Connection:
    """Return this connection while it is open; else another one."""
    if connection is not None and not connection.closed:
        return connection
    if connection is not None:
        await connection.close()
    return await Connection.open(url)


class Client(ABC):
    """One reader and author in one room."""

    transport: ClassVar[str]
    limited: ClassVar[bool] = False  # whether its address takes `limit`
    holds: ClassVar[bool] = False  # whether its address takes `wait`
    waits: ClassVar[bool] = True  # whether the server knows of a reader who waits
    streams: ClassVar[bool] = False  # whether its batches come as events
    says: ClassVar[bool] = False  # whether it sends on the connection on which it reads

    def __init__(self, url: str, room: str, **query: str | int) -> None:
        self.url = url
        self.room = room
        self.query = query
        self._posting: Connection | None = None
        self._keys = count(1)

    @property
    def path(self) -> str:
        """The address with its query, as it is at this moment."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"/rooms/{self.room}/{self.transport}{query}"

    @property
    def cursor(self) -> str:
        """The cursor with which a client of any transport goes on from here."""
        return str(self.query["cursor"])

    async def receive(self) -> Batch:
        """Return the next batch: the first as it comes, even empty; after it, one that has news."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            batch = Batch(await self._next_batch())
        self.query["cursor"] = batch.cursor
        return batch

    async def post(self, text: str = "hi", author: str = "ann", **members: Any) -> dict[str, Any]:
        """Send a message and return its ack. Raises: Refused."""
        return await self.send({"author": author, "text": text, **members})

    async def send(self, draft: dict[str, Any]) -> dict[str, Any]:
        """Send a draft as it is and return its ack. Raises: Refused."""
        body = json.dumps(draft, ensure_ascii=False).encode()
        async with asyncio.timeout(PATIENCE_SECONDS):
            self._posting = await reopened(self._posting, self.url)
            answer = await self._posting.ask("POST", f"/rooms/{self.room}/messages", body)
        if answer.status not in (200, 201):
            raise Refused(answer.status, problem_of(answer.body), answer.headers)
        ack: dict[str, Any] = answer.json
        assert ack["type"] == "ack"
        assert answer.status == (200 if ack["duplicate"] else 201)
        return ack

    @abstractmethod
    async def join(self) -> None:
        """Connect and begin to read. Raises: Refused."""

    @abstractmethod
    async def _next_batch(self) -> bytes:
        """Wait for the next batch and return its bytes."""

    async def leave(self) -> None:
        """Close all connections."""
        if self._posting is not None:
            await self._posting.close()


class Poller(Client):
    """Asks, and asks again after each answer."""

    limited = True
    _asked = False

    async def join(self) -> None:
        self._polling = await Connection.open(self.url)

    async def _ask(self) -> Batch:
        self._polling = await reopened(self._polling, self.url)
        answer = await self._polling.ask("GET", self.path)
        if answer.status != 200:
            raise Refused(answer.status, problem_of(answer.body), answer.headers)
        self._asked = True
        return Batch(answer.body)

    async def leave(self) -> None:
        await self._polling.close()
        await super().leave()


class ShortPolling(Poller):
    transport = "short-polling"
    waits = False

    async def _next_batch(self) -> bytes:
        if not self._asked:
            return (await self._ask()).raw
        while not (batch := await self._ask()).has_news:  # noqa: ASYNC110 (this is what polling is)
            await asyncio.sleep(POLL_SECONDS)
        return batch.raw


class LongPolling(Poller):
    transport = "long-polling"
    holds = True

    async def _next_batch(self) -> bytes:
        if not self._asked:
            wanted = self.query.pop("wait", None)
            self.query["wait"] = 0  # the first one at once, even when empty
            batch = await self._ask()
            del self.query["wait"]
            self.query |= {} if wanted is None else {"wait": wanted}
            return batch.raw
        while not (batch := await self._ask()).has_news:
            self.query["cursor"] = batch.cursor
        return batch.raw


class WebSocket(Client):
    """Receives batches and posts on one socket; acks and batches wait in a queue each."""

    transport = "websocket"
    says = True
    socket: ClientConnection

    async def join(self) -> None:
        self.socket = await connect(
            f"ws{self.url[4:]}{self.path}",
            proxy=None,
            ping_interval=None,
            max_size=None,
            close_timeout=2,
        )
        self._batches: asyncio.Queue[bytes | ConnectionClosed] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any] | ConnectionClosed] = asyncio.Queue()
        self._sorting = asyncio.create_task(self._sort())

    async def _sort(self) -> None:
        try:
            async for frame in self.socket:
                assert isinstance(frame, str)
                if json.loads(frame)["type"] == "batch":
                    self._batches.put_nowait(frame.encode())
                else:
                    self._answers.put_nowait(json.loads(frame))
            closed = ConnectionClosed(self.socket.protocol.close_rcvd, None)
        except ConnectionClosed as error:
            closed = error
        self._batches.put_nowait(closed)
        self._answers.put_nowait(closed)

    async def _next_batch(self) -> bytes:
        batch = await self._batches.get()
        if isinstance(batch, ConnectionClosed):
            raise batch
        return batch

    async def send(self, draft: dict[str, Any]) -> dict[str, Any]:
        return await self.say(json.dumps({"type": "send", **draft}, ensure_ascii=False))

    async def say(self, frame: str | bytes) -> dict[str, Any]:
        """Send a frame as it is and return the ack that answers it. Raises: Refused, ConnectionClosed."""
        await self.socket.send(frame)
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await self._answers.get()
        if isinstance(answer, ConnectionClosed):
            raise answer
        if answer["type"] != "ack":
            assert answer["type"] == "error"
            raise Refused(answer["status"], answer, {})
        return answer

    async def closed(self) -> tuple[int, str]:
        """Wait until the server has closed, and return its code and reason."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._sorting
            await self.socket.wait_closed()
        return self.socket.close_code or 0, self.socket.close_reason or ""

    async def leave(self) -> None:
        await self.socket.close()
        await self._sorting
        await super().leave()


class ServerSentEvents(Client):
    """Receives batches as events; `last_event_id` goes into the header, as a browser’s that comes back."""

    transport = "server-sent-events"
    streams = True
    last_event_id: str | None = None

    async def join(self) -> None:
        self._stream = await Connection.open(self.url)
        try:
            await self._begin()
        except BaseException:
            await self._stream.close()
            raise

    async def _begin(self) -> None:
        headers = {"Accept": "text/event-stream"}
        if self.last_event_id is not None:
            headers["Last-Event-ID"] = self.last_event_id
        await self._stream.send("GET", self.path, headers=headers)
        answer = await self._stream.head()
        if answer.status != 200:
            body = await self._stream.body(answer)
            raise Refused(answer.status, problem_of(body), answer.headers)
        chunked = answer.headers.get("transfer-encoding") == "chunked"
        self._pieces = self._stream.chunks() if chunked else self._stream.reads()
        self._unread = b""

    async def _next_batch(self) -> bytes:
        while True:
            fields = dict(await self.fields())
            if fields.get(b"event") == b"batch":
                assert fields[b"id"].decode() == Batch(fields[b"data"]).cursor
                return fields[b"data"]

    async def fields(self) -> list[tuple[bytes, bytes]]:
        """Return the fields of the next event, or of what stands before the first one, as they came."""
        parted = [line.partition(b":") for line in (await self._event()).split(b"\n")]
        return [(name, value.removeprefix(b" ")) for name, _, value in parted]

    async def _event(self) -> bytes:
        while b"\n\n" not in self._unread:
            if not (piece := await anext(self._pieces, b"")):
                raise EOFError("the server ended the stream")
            self._unread += piece.replace(b"\r\n", b"\n")
        event, _, self._unread = self._unread.partition(b"\n\n")
        return event

    async def leave(self) -> None:
        await self._stream.close()
        await super().leave()


CLIENTS: dict[str, type[Client]] = {
    client.transport: client for client in (ShortPolling, LongPolling, WebSocket, ServerSentEvents)
}


@asynccontextmanager
async def joined(
    url: str, transport: str, *, room: str = "lobby", **query: str | int
) -> AsyncIterator[Any]:
    """A client that has joined a room over a transport; `query` is its address's query (`cursor`, `limit`, …)."""
    client = CLIENTS[transport](url, room, **query)
    await client.join()
    try:
        yield client
    finally:
        await client.leave()


@dataclass
class Reader:
    """Does a client's whole duty with the batches of any transport, and counts what went wrong on the way.

    It applies a message whose id is the last one + 1, drops one whose id it has, and starts over on `gap: true`.
    """

    view: list[dict[str, Any]] = field(default_factory=list)
    received: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    gaps: int = 0

    def take(self, batch: Batch) -> None:
        """Apply one batch."""
        if batch.gap:
            self.gaps += 1
            self.view.clear()
        for message in batch.messages:
            self._apply(message)

    def _apply(self, message: dict[str, Any]) -> None:
        self.received += 1
        last = self.view[-1]["id"] if self.view else message["id"] - 1
        if message["id"] > last:
            self.lost += message["id"] - last - 1
            self.view.append(message)
        elif message in self.view:
            self.doubled += 1
        else:
            self.out_of_order += 1

    @property
    def ids(self) -> list[int]:
        return [message["id"] for message in self.view]

    @property
    def last_id(self) -> int:
        """The newest message's id; 0 when there is none."""
        return int(self.view[-1]["id"]) if self.view else 0

    @property
    def summary(self) -> str:
        """What went wrong on the wire, in words; `EXACT` when nothing did."""
        return f"{self.lost} lost, {self.doubled} doubled, {self.out_of_order} out of order, {self.gaps} gaps"

    @property
    def exact(self) -> bool:
        """Whether nothing was lost, doubled or out of order on the wire."""
        return (self.lost, self.doubled, self.out_of_order) == (0, 0, 0)

    async def read(self, client: Client, enough: Callable[[Reader], bool]) -> None:
        """Take batches from a client until `enough` says so."""
        while not enough(self):
            self.take(await client.receive())

    async def read_to(self, client: Client, id: int) -> None:
        """Take batches from a client up to a message."""
        await self.read(client, lambda reader: id in reader.ids[-1:])
