"""Memory: what a reader that waits weighs, and one that has stopped reading."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

from tutorial.laboratory.disposable_server import fresh_server, project_first
from tutorial.laboratory.reader_pool import TRANSPORTS
from tutorial.laboratory.waiting_cost import READERS, Waiting
from tutorial.measurements.names import Values, word


async def held(_: int) -> Values:
    """What a reader that waits weighs in the memory of a server that was just started."""
    values: Values = {"readers": READERS}
    for transport in TRANSPORTS:
        async with fresh_server() as port:
            waiting = await Waiting.begin(transport, port)
            values[f"{word(transport)}_kib"] = waiting.kib
            await waiting.end()
    return values


async def seams(_: int) -> Values:
    """What one reader that never reads costs the server's memory: with listeners inside `post`, and as it is here."""
    values: Values = {}
    for seam in ("listeners", "follow"):
        command = (sys.executable, "-m", "tutorial.measurements.memory_probe", seam)
        run = await asyncio.create_subprocess_exec(*command, env=project_first(), stdout=PIPE)
        values[f"{seam}_mb"] = float((await run.communicate())[0])
    return values
