"""Collapse: how few requests reach the chat when a cache in front holds the polls, and how late its readers are."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loadtests.client.author import Author
from loadtests.client.limits import raise_limits
from loadtests.client.reader_pool import ReaderPool
from loadtests.client.reading import Asks, Reading, Tally
from loadtests.comparison.server import free_port, fresh_server
from tutorial.exercises.checking import nginx
from tutorial.measurements.names import Values

DEPLOY = Path(__file__).parents[1] / "deploy"
READERS = 1000
FEW_READERS = 20  # whose delays are the cache's own, and not those of a busy machine
MESSAGES = 20
APART_SECONDS = (0.6, 1.4)  # at random, or it would go in step with nginx
QUIET_SECONDS = 15.0
HOLD_SECONDS = 5
START_SECONDS = 20.0
PATIENCE_SECONDS = 30.0
ROOM = "collapse"


def collapse(_: int) -> Values:
    """How many requests 1000 held polls are to the chat, directly and behind two caches, and how late messages are."""
    raise_limits(READERS)
    values: Values = {"readers": READERS, "few_readers": FEW_READERS, "hold_seconds": HOLD_SECONDS}
    for name, in_front in FRONTS.items():
        with fresh_server("--cacheable") as server, in_front(server.port) as port:
            many = Held(server.port, port, READERS)
            values[f"{name}_requests_a_message"] = many.speak(MESSAGES // 4)
            values[f"{name}_quiet_requests_a_second"] = many.keep_quiet(QUIET_SECONDS)
            many.pool.close()
            few = Held(server.port, port, FEW_READERS)
            few.speak(MESSAGES)
            few.pool.close()
            for percent in (50, 95):
                values[f"{name}_p{percent}_ms"] = few.tally.percentile_ms(percent / 100)
    return values


class Held:
    """Readers whose polls are held, at `port`, and the requests that they are to the chat behind it."""

    def __init__(self, chat: int, port: int, readers: int, settle_seconds: float = 1.0) -> None:
        self.pool, self.tally = ReaderPool(), Tally()
        self._chat, self._readers = chat, readers
        self._random = random.Random(7)
        with Author(chat, ROOM) as author:
            author.post(time.time())
        path = f"/rooms/{ROOM}/long-polling?wait={HOLD_SECONDS}&cursor="
        first = str(asked(chat, f"/rooms/{ROOM}/short-polling?cursor=now")["cursor"])
        for _ in range(readers):
            self.pool.add(Reading(port, path, Asks.AGAIN_AT_ONCE, first=first), self.tally)
        self.pool.serve(settle_seconds)

    def speak(self, messages: int, apart: tuple[float, float] = APART_SECONDS) -> float:
        """Post messages; return how many requests each was. Raises: RuntimeError, when a reader isn't exact."""
        before = self._requests()
        with Author(self._chat, ROOM) as author:
            for number in range(1, messages + 1):
                author.post(time.time())
                if not self.pool.serve_until(partial(self._delivered, number), PATIENCE_SECONDS):
                    raise RuntimeError("a reader has missed a message")
                self.pool.serve(self._random.uniform(*apart))
        return (self._requests() - before) / messages

    def keep_quiet(self, seconds: float) -> float:
        """Post nothing; return how many requests a second come to the chat all the same."""
        before, began = self._requests(), time.monotonic()
        self.pool.serve(seconds)
        return (self._requests() - before) / (time.monotonic() - began)

    def _delivered(self, messages: int) -> bool:
        """Return whether every reader has so many messages. Raises: RuntimeError, when one has more."""
        if len(self.tally.due) > messages * self._readers:
            raise RuntimeError("a reader has a message twice")
        return len(self.tally.due) == messages * self._readers

    def _requests(self) -> int:
        return int(asked(self._chat, "/inspect")["requests"].get("long-polling", 0))


def asked(chat: int, path: str) -> dict[str, Any]:
    """Return what the chat answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{chat}{path}") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def nginx_cache(chat: int) -> Iterator[int]:
    """Run nginx with the cache of tutorial/deploy/ in front of a chat; yield its port. Raises: NotStarted."""
    port = free_port()
    with TemporaryDirectory(prefix="hold-the-line-") as folder:
        text = (DEPLOY / "nginx_cache.conf").read_text("utf-8")
        text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        text = text.replace("127.0.0.1:8888", f"127.0.0.1:{chat}")
        with nginx.running(text.replace("/var/cache/nginx/chat", f"{folder}/cache"), port):
            yield port


@contextmanager
def varnish_cache(chat: int) -> Iterator[int]:
    """Run Varnish in front of a chat; yield its port. Raises: OSError, when it isn't installed."""
    port = free_port()
    with TemporaryDirectory(prefix="hold-the-line-") as folder:
        file = Path(folder, "chat.vcl")
        text = (DEPLOY / "varnish.vcl").read_text("utf-8").replace('"8888"', f'"{chat}"')
        file.write_text(text, "utf-8")
        command = [shutil.which("varnishd") or "/usr/sbin/varnishd", "-F", "-j", "none"]
        command += ["-n", f"{folder}/work", "-a", f"127.0.0.1:{port}", "-f", str(file)]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


FRONTS: dict[str, Callable[[int], AbstractContextManager[int]]] = {
    "direct": nullcontext,
    "nginx": nginx_cache,
    "varnish": varnish_cache,
}
