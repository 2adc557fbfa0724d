"""DisposableServer: the chat in a process of its own, to be measured, restarted, killed and deleted.

An experiment that ends a server can't end the one that serves its page. It gets another: the same program, on a port of
its own, with a store that is memory (and gone with it) or a file that outlives a restart.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).parents[2]
STORES = ("memory", "sqlite")
STOP_SECONDS = 5.0
PUBLISH_KEY = "measuring"


class DisposableServer:
    """One server; its port stays the same over restarts. `origin` is the page that may use it."""

    def __init__(self, store: str, origin: str, publish_key: str = "") -> None:
        self._folder = TemporaryDirectory(prefix="hold-the-line-")
        self._store = store if store == "memory" else f"sqlite:{self._folder.name}/chat.db"
        self._origin = origin
        self._publish_key = publish_key
        self._process: Process | None = None
        self.port = 0

    async def start(self) -> int:
        """Start it, and return its port once it listens. Raises: OSError."""
        options = [f"--port={self.port}", f"--store={self._store}", "--rate-limit=0"]
        command = [sys.executable, "-m", "tutorial", *options, f"--trusted-origin={self._origin}"]
        environment = project_first()
        if self._publish_key:
            environment["CHAT_PUBLISH_KEY"] = self._publish_key
        self._process = await asyncio.create_subprocess_exec(
            *command, cwd=self._folder.name, env=environment, stdin=DEVNULL, stdout=PIPE
        )
        assert self._process.stdout is not None
        first = (await self._process.stdout.readline()).decode()
        found = re.search(r":(\d+)/", first)
        if found is None:
            raise OSError(f"the server did not start: {first or 'it printed nothing'}")
        self.port = int(found[1])
        return self.port

    async def stop(self) -> None:
        """End it as a deployment does: SIGTERM, and SIGKILL after STOP_SECONDS."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def close(self) -> None:
        """End it, and delete what it stored."""
        await self.stop()
        self._folder.cleanup()


@asynccontextmanager
async def fresh_server() -> AsyncIterator[int]:
    """Return the port of a server with a memory store, where PUBLISH_KEY may publish."""
    server = DisposableServer("memory", "http://127.0.0.1", PUBLISH_KEY)
    try:
        yield await server.start()
    finally:
        await server.close()


def project_first() -> dict[str, str]:
    """Return an environment in which a process finds this project, wherever it runs."""
    return {**os.environ, "PYTHONPATH": str(PROJECT)}
