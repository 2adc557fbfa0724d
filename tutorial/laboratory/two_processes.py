"""Two servers of the same chat, and one of them killed: a run for the chapter about several processes.

`python -m tutorial.laboratory.two_processes '{"store": "memory"}'` posts to two processes in turn, with a reader at
each, kills the second one half-way (its reader and its author go on at the first, with their cursor), and reports one
JSON object a line. With `redis`, both share a Redis of their own, which is deleted in the end.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from subprocess import DEVNULL
from tempfile import TemporaryDirectory

from tornado.httpclient import AsyncHTTPClient, HTTPError

from loadtests.comparison.server import Server, free_port, fresh_server

CHOICES = {"store": ("memory", "redis")}
MESSAGES = 40
PAUSE_SECONDS = 0.1
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 3.0


class Reader:
    """Polls one server, or another when it must, and keeps what it has received."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.received: list[int] = []
        self.gaps = 0
        self._cursor = ""

    async def read(self) -> None:
        """Read on from the cursor, once."""
        url = f"{self.url}/rooms/lobby/short-polling{self._cursor}"
        batch = json.loads((await AsyncHTTPClient().fetch(url)).body)
        self._cursor = f"?cursor={batch['cursor']}"
        if batch["gap"]:
            self.gaps += 1
            self.received.clear()
        self.received += [int(message["text"]) for message in batch["messages"]]

    async def keep_reading(self) -> None:
        """Read until this is cancelled."""
        while True:
            with suppress(OSError, HTTPError):
                await self.read()
            await asyncio.sleep(POLL_SECONDS)


class Run:
    """One run over two servers."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self._readers = [Reader("first", urls[0]), Reader("second", urls[1])]
        self._began = time.monotonic()

    async def play(self, victim: Server) -> None:
        """Post, kill, go on, and report what each reader received."""
        reading = [asyncio.create_task(reader.keep_reading()) for reader in self._readers]
        for number in range(1, MESSAGES + 1):
            if number == MESSAGES // 2 + 1:
                victim.process.kill()
                self._urls[1] = self._readers[1].url = self._urls[0]
                self._report("killed")
            await self._post(str(number), self._urls[number % 2])
            self._report("posted")
            await asyncio.sleep(PAUSE_SECONDS)
        await self._all_received()
        for task in reading:
            task.cancel()
        self._report("end", posted=MESSAGES)

    async def _post(self, text: str, url: str) -> None:
        body = json.dumps({"author": "ann", "text": text, "key": text})
        headers = {"Content-Type": "application/json"}
        address = f"{url}/rooms/lobby/messages"
        await AsyncHTTPClient().fetch(address, method="POST", headers=headers, body=body)

    async def _all_received(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if all(len(set(reader.received)) == MESSAGES for reader in self._readers):
                return
            await asyncio.sleep(POLL_SECONDS)

    def _report(self, event: str, **members: object) -> None:
        readers = {
            reader.name: {"received": sorted(reader.received), "gaps": reader.gaps}
            for reader in self._readers
        }
        at = round(time.monotonic() - self._began, 3)
        print(json.dumps({"at": at, "event": event, **members, **readers}), flush=True)


async def run(store: str) -> None:
    """Start what is needed, run, and leave nothing behind."""
    with ExitStack() as everything:
        if store == "redis":
            if shutil.which("redis-server") is None:
                print('{"event": "missing", "what": "redis-server"}', flush=True)
                return
            store = f"redis://127.0.0.1:{everything.enter_context(fresh_redis())}/0"
        servers = [everything.enter_context(fresh_server(f"--store={store}")) for _ in range(2)]
        await Run([server.url for server in servers]).play(servers[1])


@contextmanager
def fresh_redis() -> Iterator[int]:
    """Run a Redis that keeps nothing, and yield its port."""
    port = free_port()
    with TemporaryDirectory(prefix="hold-the-line-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        redis = subprocess.Popen(["redis-server", *options], stdin=DEVNULL, stdout=DEVNULL)
        try:
            yield port
        finally:
            redis.kill()
            redis.wait()


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])["store"]))
