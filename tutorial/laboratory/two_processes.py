"""Two servers of the same chat, and one of them killed: a run for the chapter about several processes.

`python -m tutorial.laboratory.two_processes '{"store": "memory"}'` posts to two processes in turn, with a reader at
each, kills the second one half-way (its reader and its author go on at the first, with their cursor), and tells one
JSON object a line. With `redis`, both share a Redis of their own, which is thrown away in the end.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from tempfile import TemporaryDirectory

from tornado.httpclient import AsyncHTTPClient, HTTPError

from tutorial.existing_app.rehearsal import free_port

STORES = ("memory", "redis")
MESSAGES = 40
PAUSE_SECONDS = 0.1
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 3.0


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Process]:
    """Run a program, and kill it in the end."""
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class Reader:
    """Polls one server, or another when it must, and counts what it heard of what was said."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.heard: list[int] = []
        self.gaps = 0
        self._cursor = ""

    async def read(self) -> None:
        """Read on from the cursor, once."""
        url = f"{self.url}/rooms/lobby/short-polling{self._cursor}"
        batch = json.loads((await AsyncHTTPClient().fetch(url)).body)
        self._cursor = f"?cursor={batch['cursor']}"
        if batch["gap"]:
            self.gaps += 1
            self.heard.clear()
        self.heard += [int(message["text"]) for message in batch["messages"]]

    async def keep_reading(self) -> None:
        """Read for ever."""
        while True:
            with suppress(OSError, HTTPError):
                await self.read()
            await asyncio.sleep(LOOK_SECONDS)


class Run:
    """One run over two servers."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self._readers = [Reader("first", urls[0]), Reader("second", urls[1])]
        self._began = time.monotonic()

    async def play(self, victim: Process) -> None:
        """Talk, kill, go on, and tell what each reader heard."""
        reading = [asyncio.create_task(reader.keep_reading()) for reader in self._readers]
        for number in range(1, MESSAGES + 1):
            if number == MESSAGES // 2 + 1:
                victim.kill()
                self._urls[1] = self._readers[1].url = self._urls[0]
                self._say("killed")
            await self._post(str(number), self._urls[number % 2])
            self._say("said")
            await asyncio.sleep(PAUSE_SECONDS)
        await self._all_heard()
        for task in reading:
            task.cancel()
        self._say("end", said=MESSAGES)

    async def _post(self, text: str, url: str) -> None:
        body = json.dumps({"author": "ann", "text": text, "key": text})
        headers = {"Content-Type": "application/json"}
        address = f"{url}/rooms/lobby/messages"
        await AsyncHTTPClient().fetch(address, method="POST", headers=headers, body=body)

    async def _all_heard(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if all(len(set(reader.heard)) == MESSAGES for reader in self._readers):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _say(self, event: str, **members: object) -> None:
        readers = {
            reader.name: {"heard": sorted(reader.heard), "gaps": reader.gaps}
            for reader in self._readers
        }
        at = round(time.monotonic() - self._began, 3)
        print(json.dumps({"at": at, "event": event, **members, **readers}), flush=True)


async def main(store: str) -> None:
    """Start what is needed, run, and leave nothing behind."""
    with TemporaryDirectory(prefix="hold-the-line-") as folder:
        async with AsyncExitStack() as everything:
            if store == "redis":
                if shutil.which("redis-server") is None:
                    print('{"event": "missing", "what": "redis-server"}', flush=True)
                    return
                port = free_port()
                options = f"--port {port} --bind 127.0.0.1 --save".split()
                redis = ["redis-server", *options, "", "--dir", folder]
                await everything.enter_async_context(running(*redis))
                store = f"redis://127.0.0.1:{port}/0"
            server = [sys.executable, "-m", "tutorial", "--port=0", f"--store={store}"]
            servers = [await everything.enter_async_context(running(*server)) for _ in range(2)]
            await Run([await address(process) for process in servers]).play(servers[1])


async def address(process: Process) -> str:
    """Return a server's URL, once it listens."""
    assert process.stdout is not None
    first = (await process.stdout.readline()).decode()
    found = re.search(r"http://[^/]+", first)
    if found is None:
        raise OSError(f"a server did not start: {first or 'it said nothing'}")
    return found[0]


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])["store"]))
