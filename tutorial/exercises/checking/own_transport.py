"""The project's chat with the learner's transport in its table, in the learner's process.

`serve` is what a check's `drive` calls there. `chat_with` is the judge's side: the program, on a
held clock.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from transports.app import TRANSPORTS, make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import driven

HISTORY = 1000


async def serve(table: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> None:
    """Serve the chat, report its port, and drain when the process is asked to end."""
    rooms = Rooms(make_store("memory", HISTORY), HISTORY)
    await rooms.open()
    chat = Chat(rooms)
    server = Server(chat, make_app(chat, transports={**TRANSPORTS, **table}))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    report({"port": server.listen(0)})
    await stopping.wait()
    await server.drain()


@asynccontextmanager
async def chat_with(path: Path, check: str) -> AsyncIterator[Program]:
    """Run `serve` for the learner's file, where this check's `drive` calls it for "serve"."""
    async with driven(path, check, "serve", str(path), clock="held") as program:
        program.port = (await anext(program.records()))["port"]
        yield program
