"""DisposableServer: the chat in a process of its own, to be restarted and killed while a page's links lead to it.

An experiment that ends a server can't end the one that serves its page. It gets another: the same program, on a port of
its own, with a store that is memory (and gone with it) or a file that outlives a restart.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests.comparison.server import CHAT, Server, running

PROJECT = Path(__file__).parents[2]
STORES = ("memory", "sqlite")


class DisposableServer:
    """One server; its port stays the same over restarts. `origin` is the page that may use it."""

    def __init__(self, store: str, origin: str) -> None:
        self._folder = TemporaryDirectory(prefix="hold-the-line-")
        file = f"sqlite:{self._folder.name}/chat.db"
        self._options = [
            f"--store={'memory' if store == 'memory' else file}",
            f"--trusted-origin={origin}",
        ]
        self._running: AbstractContextManager[Server] | None = None
        self.port = 0

    async def start(self) -> int:
        """Start it, and return its port once it listens. Raises: NotStarted."""
        command = [*CHAT, f"--port={self.port}", *self._options]
        self._running = running(command, project_first(), Path(self._folder.name))
        self.port = (await asyncio.to_thread(self._running.__enter__)).port
        return self.port

    async def stop(self) -> None:
        """End it as a deployment does: SIGTERM, and SIGKILL after a while."""
        if self._running is not None:
            running_now, self._running = self._running, None
            await asyncio.to_thread(running_now.__exit__, None, None, None)

    async def close(self) -> None:
        """End it, and delete what it stored."""
        await self.stop()
        self._folder.cleanup()


def project_first() -> dict[str, str]:
    """Return an environment in which a process finds this project, wherever it runs."""
    return {**os.environ, "PYTHONPATH": str(PROJECT)}
