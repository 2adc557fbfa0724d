"""The laboratory's addresses, and what its experiments have open while a server runs.

All of it is for a reader at this machine alone (see `local_only`), and nothing of it runs before a page asks for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from transports.chat import Chat
from tutorial.laboratory import runs
from tutorial.laboratory.batching import BatchingHandler
from tutorial.laboratory.blocking_work import InAThreadHandler
from tutorial.laboratory.chaos_controls import ChaosSessions, ChaosSocket
from tutorial.laboratory.runs import RunHandler
from tutorial.laboratory.x_ray_sessions import XRayHandler, XRaySessions, XRaySocket


class Laboratory:
    """What the experiments of one server have open."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._chaos = ChaosSessions()
        self._running: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[tuple[Any, ...]]:
        """Return the laboratory's addresses, for the application to serve beside the chat and the pages."""
        shared = {"chat": self._chat}
        x_ray = shared | {"sessions": XRaySessions()}
        return [
            (r"/xray", XRaySocket, x_ray),
            (r"/xray/marks", XRayHandler, x_ray),
            (r"/chaos", ChaosSocket, shared | {"sessions": self._chaos}),
            (rf"/runs/({'|'.join(runs.NAMES)})", RunHandler, shared | {"running": self._running}),
            (r"/rooms/([^/]*)/batching", BatchingHandler, shared),
            (r"/slow/in-a-thread", InAThreadHandler, shared),
        ]

    async def close(self) -> None:
        """Close what pages have left open."""
        for run in self._running:
            if not run.cancelling():  # a second cancellation would not wait for the run's end
                run.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._chaos.close()
