"""One reader that doesn't read, on five servers side by side: a run for the chapter about it.

`python -m tutorial.laboratory.slow_reader '{"messages": "400"}'` starts a server for each policy, lets three readers
and a slow one come, and prints twice a second what each server keeps, how late the others' messages are, and
what the slow reader has. That one sleeps for SLEEP_SECONDS, then reads all it can get.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tutorial.laboratory.disposable_server import project_first

OURS = "skip"
POLICIES = ("write-on", "wait", "drop", "disconnect", OURS)  # a server each
READERS = 4
MESSAGES = 400
PATH = "/rooms/slow/websocket?cursor=now"
SLEEP_SECONDS = 6.0
LOOK_SECONDS = 0.5
QUIET_SECONDS = 2.0  # after which a reader gets no more
PATIENCE_SECONDS = 60.0
RECEIVE_BYTES = 1 << 16  # else the kernel alone would take all that is said here
CHOICES = {"messages": (str(MESSAGES),)}


@dataclass
class ObservedReader:
    """What one reader has received, how late, and what it knows to have missed."""

    ids: list[int] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)
    gaps: int = 0
    closed: int = 0
    received_at: float = 0.0

    @property
    def at_the_end(self) -> bool:
        """Whether it has the last message."""
        return bool(self.ids) and self.ids[-1] == MESSAGES

    @property
    def done(self) -> bool:
        """Whether it has the last message, or has received nothing for a while."""
        return self.at_the_end or time.monotonic() - self.received_at > QUIET_SECONDS

    async def read(self, port: int, connection: WebSocketClientConnection) -> None:
        """Read to the last message; come back, at “now”, when the server closes."""
        while not self.at_the_end:
            frame = await connection.read_message()
            if frame is not None:
                self._take(json.loads(frame))
            else:
                self.closed += 1
                connection = await _connect(port)
        connection.close()

    def _take(self, batch: dict[str, Any]) -> None:
        now = time.time()
        self.received_at = time.monotonic()
        self.gaps += bool(batch["gap"] and self.ids)
        for message in batch["messages"]:
            due = float(message["text"].split(" ", 1)[0])
            self.ids.append(message["id"])
            self.delays_ms.append((now - due) * 1000)


@dataclass
class Room:
    """One policy's server, and those who read there."""

    policy: str
    process: Process
    port: int
    mb: float = 0.0
    asleep: bool = True
    others: list[ObservedReader] = field(default_factory=list)
    slow: ObservedReader = field(default_factory=ObservedReader)

    @classmethod
    async def start(cls, policy: str, everything: AsyncExitStack) -> Room:
        """Start the server of a policy."""
        command = (sys.executable, "-m", "tutorial.counterexamples.slow_reader_server", policy)
        process = await asyncio.create_subprocess_exec(
            *command, env=project_first(), stdin=DEVNULL, stdout=PIPE
        )
        everything.push_async_callback(_end, process)
        assert process.stdout is not None
        port = json.loads(await process.stdout.readline())["port"]
        return cls(policy, process, port)

    async def fill(self, everything: AsyncExitStack) -> None:
        """Let its readers come: with the last of them, its author begins."""
        work = [self._watch(), self._wake(await _connect(self.port, RECEIVE_BYTES))]
        self.others = [ObservedReader() for _ in range(READERS - 1)]
        for reader in self.others:
            work.append(reader.read(self.port, await _connect(self.port)))
        for task in [asyncio.create_task(one) for one in work]:
            everything.callback(task.cancel)

    async def _wake(self, sleeping: WebSocketClientConnection) -> None:
        await asyncio.sleep(SLEEP_SECONDS)
        self.asleep, self.slow.received_at = False, time.monotonic()
        await self.slow.read(self.port, sleeping)

    async def _watch(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            if self.asleep:
                self.mb = max(self.mb, json.loads(line)["mb"])

    @property
    def done(self) -> bool:
        """Whether everybody has come to the last message, or gets nothing more."""
        return not self.asleep and all(reader.done for reader in (*self.others, self.slow))

    def row(self) -> dict[str, Any]:
        """Return what was measured so far.

        `mb`: the most that was kept until the slow reader woke; `p95_ms`: of the others, counted from
        when a message was due.
        """
        delays = sorted(delay for reader in self.others for delay in reader.delays_ms)
        return {
            "mb": self.mb,
            "p95_ms": delays[int(len(delays) * 0.95)] if delays else None,
            "others_have": min(len(set(reader.ids)) for reader in self.others),
            "slow_has": len(set(self.slow.ids)),
            "slow_gaps": self.slow.gaps,
            "slow_closed": self.slow.closed,
        }


async def _connect(port: int, receive_bytes: int = 0) -> WebSocketClientConnection:
    """Connect; `receive_bytes`: to take no more than a small buffer full, until somebody reads."""
    connection = await websocket_connect(f"ws://127.0.0.1:{port}{PATH}")
    if receive_bytes:
        line = connection.protocol.stream.socket  # type: ignore[union-attr]
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    return connection


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def main() -> None:
    """Print a line of rows twice a second, and the last one with `end`."""
    async with AsyncExitStack() as everything:
        starting = [Room.start(policy, everything) for policy in POLICIES]
        rooms = await asyncio.gather(*starting)
        await asyncio.gather(*(room.fill(everything) for room in rooms))
        began = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            seconds = time.monotonic() - began
            rows = {room.policy: room.row() for room in rooms}
            ended = all(room.done for room in rooms) or seconds > PATIENCE_SECONDS
            summary = {"seconds": seconds, "asleep": seconds < SLEEP_SECONDS, "rows": rows}
            print(json.dumps(summary | {"end": ended, "messages": MESSAGES}), flush=True)
            if ended:
                return


if __name__ == "__main__":
    asyncio.run(main())
