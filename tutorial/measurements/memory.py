"""Memory: what a reader that waits weighs, and one that has stopped reading."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

from tutorial.crew import TRANSPORTS, Crowd, Reader
from tutorial.crew_wire import Connection
from tutorial.measurements.bench import Values, fresh_server, word
from tutorial.throwaway import project_first

HELD = 500


async def held(_: int) -> Values:
    """What a reader that waits weighs in the memory of a server that was just started."""
    values: Values = {"readers": HELD}
    for transport in ("long-polling", "websocket"):
        async with fresh_server() as port:
            watch = await Connection.open(port)
            before = (await watch.inspect())["rss_bytes"]
            crowd = await Crowd.meet(port, [Reader("held") for _ in range(HELD)])
            await crowd.begin(TRANSPORTS[transport])
            await crowd.read_on(2)
            grown = (await watch.inspect())["rss_bytes"] - before
            values[f"{word(transport)}_kib"] = grown / 1024 / HELD
            await crowd.end()
            watch.close()
    return values


async def seams(_: int) -> Values:
    """What one reader that never reads costs the server's memory: with listeners inside `post`, and as it is here."""
    values: Values = {}
    for seam in ("listeners", "follow"):
        command = (sys.executable, "-m", "tutorial.stalled", seam)
        run = await asyncio.create_subprocess_exec(*command, env=project_first(), stdout=PIPE)
        values[f"{seam}_mb"] = float((await run.communicate())[0])
    return values
