"""Rest factor: the same busy room on servers that rest shorter or longer after a flush.

`python -m tutorial.laboratory.rest_factor '{"rest": "1"}'` starts a server that rests so many times as long as a flush
took (ours: once), lets 100 WebSocket readers read, and raises the rate step by step. It reports, one JSON object a
step, how many messages a batch had, what that cost the server, and how late the messages came. `serve REST` as its
argument makes it that server.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from math import ceil
from typing import Any

from loadtests.benchmarks.fan import Fan, Way
from loadtests.client.raw_http import inspect
from loadtests.comparison.server import running
from transports.app import make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial.laboratory.disposable_server import project_first

RESTS = tuple(f"{fifths / 5:g}" for fifths in range(21))  # 0 to 4 times as long as the flush took
CHOICES = {"rest": RESTS}
RATES = (10, 50, 100, 200, 400, 800)  # messages a second
READERS = 100
MODULE = "tutorial.laboratory.rest_factor"
SECONDS = 1.5  # a step
PATIENCE_SECONDS = 5.0
PATH = "/rooms/rest/websocket?cursor=now"
WAY = Way(PATH, PATH, '{"type": "send", "author": "ann", "text": "%s"}')


async def serve(rest: float) -> None:
    """Serve a chat whose flushes rest so many times as long as they took, for ever."""
    rooms = Rooms(make_store("memory", 1000), 1000)
    rooms.fanout.rest_factor = rest
    await rooms.open()
    chat = Chat(rooms)
    port = Server(chat, make_app(chat)).listen(0)
    print(f"http://127.0.0.1:{port}/", flush=True)
    await asyncio.Event().wait()


def steps(rest: str, readers: int = READERS, seconds: float = SECONDS) -> Iterator[dict[str, Any]]:
    """Yield what each rate takes of a server that rests so long. Raises: OSError."""
    with running(("-m", MODULE, "serve", rest), project_first()) as server:
        fan = Fan(server.port, WAY, readers)
        fan.send()
        fan.serve_until(readers + 1, PATIENCE_SECONDS)
        for rate in RATES:
            yield {"rate": rate, **_step(fan, server.port, rate, ceil(rate * seconds))}
        fan.close()


def _step(fan: Fan, port: int, rate: float, messages: int) -> dict[str, float]:
    before, began = inspect(port), time.monotonic()
    lost = fan.publish(messages, rate, PATIENCE_SECONDS)
    after, took = inspect(port), time.monotonic() - began
    return {
        "messages_a_batch": fan.delivered / (after["pushed_batches"] - before["pushed_batches"]),
        "cpu_percent": 100 * (after["cpu_seconds"] - before["cpu_seconds"]) / took,
        "p50_ms": fan.tally.percentile_ms(0.5),
        "p99_ms": fan.tally.percentile_ms(0.99),
        "lost": lost,
    }


def main(arguments: list[str]) -> None:
    """Serve, or run and print each step."""
    if arguments[0] == "serve":
        asyncio.run(serve(float(arguments[1])))
        return
    for step in steps(json.loads(arguments[0])["rest"]):
        print(json.dumps(step), flush=True)
    print(json.dumps({"end": True}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
