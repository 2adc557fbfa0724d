"""A reader of server-sent events, as bare as can be: what came, field by field.

It asks with HTTP/1.0, so the stream comes as it is, without chunks around it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.verdict import Failure, Timeline

EVENT_SECONDS = 2.0


class Stream:
    """One open answer. What it reads is noted in the timeline under its name."""

    def __init__(
        self, reader: asyncio.StreamReader, program: Program, timeline: Timeline, name: str
    ) -> None:
        self._reader, self._program, self._timeline, self._name = reader, program, timeline, name

    async def head(self) -> tuple[int, str]:
        """Return the status and the content type."""
        head = (await self._read_to(b"\r\n\r\n", "an answer", EVENT_SECONDS)).decode("latin-1")
        status, *lines = head.lower().split("\r\n")
        headers = dict(line.partition(": ")[::2] for line in lines)
        self._timeline.note(f"the answer begins: {status}", self._name)
        return int(status.split()[1]), headers.get("content-type", "")

    async def event(self, expected: str, seconds: float = EVENT_SECONDS) -> Mapping[str, str]:
        """Return the fields of the next event. Raises: `Failure` when none comes in time that ends."""
        until = self._program.now + seconds
        while True:
            fields = await self._fields(expected, until - self._program.now)
            if "data" in fields:
                return fields

    async def retry(self, expected: str) -> str:
        """Return the `retry:` that the stream begins with. Raises: `Failure` when it has none."""
        name, value = next(iter((await self._fields(expected, EVENT_SECONDS)).items()), ("", ""))
        if name != "retry":
            raise Failure(expected, f"{name}: {value[:40]}")
        return value

    async def _fields(self, expected: str, seconds: float) -> Mapping[str, str]:
        """Return the fields up to the next empty line; a comment has none."""
        block = (await self._read_to(b"\n\n", expected, seconds)).decode()
        lines = [line.partition(":")[::2] for line in block.strip().splitlines()]
        fields = {name: value.removeprefix(" ") for name, value in lines if name}
        shown = ", ".join(f"{name}: {value[:40]}" for name, value in fields.items())
        event = f"an event comes: {shown}" if "data" in fields else f"{shown or 'a comment'} comes"
        self._timeline.note(event, self._name)
        return fields

    async def end(self, expected: str, seconds: float) -> None:
        """Return when the stream has ended. Raises: `Failure` when it has not, in time."""
        reading = asyncio.create_task(self._reader.read())
        try:
            await self._program.comes(reading, expected, seconds)
        except Failure:
            got = f"it is still open after {seconds:.1f} s"
            raise Failure(expected, got, timeline=self._timeline.about(self._name)) from None
        finally:
            reading.cancel()

    async def _read_to(self, end: bytes, expected: str, seconds: float) -> bytes:
        reading = asyncio.create_task(self._reader.readuntil(end))
        try:
            return await self._program.comes(reading, expected, seconds)
        except Failure as nothing:
            got = nothing.got
            self._timeline.note("nothing more comes", self._name)
        except asyncio.IncompleteReadError as ended:
            got = f"the stream ended, after {ended.partial[-60:]!r}"
            self._timeline.note("the stream ends", self._name)
        except ConnectionError as error:
            got = str(error)
        finally:
            reading.cancel()
        failure = await self._program.crashed(expected, got)
        raise Failure(expected, failure.got, timeline=self._timeline.about(self._name))


@asynccontextmanager
async def opened(
    program: Program, timeline: Timeline, target: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Stream]:
    """Ask for the stream and yield it; cut it off when the block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    writer.write(f"GET {target} HTTP/1.0\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())
    shown = "".join(f", {name}: {value}" for name, value in (headers or {}).items())
    timeline.note(f"a reader asks for {target}{shown}", target)
    try:
        yield Stream(reader, program, timeline, target)
    finally:
        writer.transport.abort()
