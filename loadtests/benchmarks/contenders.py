"""Contenders: our server and its peers, each a process of its own on the first core.

A peer is a file in peers/, which serves a chat at /chat as its library would have it. Those that need a library or a
program are measured where it is installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from loadtests.benchmarks.samples import Contender, Sample
from loadtests.comparison.server import CHAT, NotStarted, Server, free_port, running

PEERS = Path(__file__).parent / "peers"
# A Redis that has on disk what it acknowledges.
REDIS = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")

Measure = Callable[[Server], Sample]


@dataclass(frozen=True, slots=True)
class Settings:
    """How much work to do. `scale` multiplies readers and messages; `peers` names files in peers/, or None: all."""

    rounds: int = 3
    scale: float = 1.0
    peers: tuple[str, ...] | None = None

    def of(self, count: int) -> int:
        """Return a count scaled, no less than 1."""
        return max(1, round(count * self.scale))


@dataclass(frozen=True, slots=True)
class Peer:
    """Another chat: its file in peers/, and the library, program or package of npm that it needs ("" for none)."""

    name: str
    file: str
    library: str = ""
    program: str = ""
    package: str = ""

    @property
    def installed(self) -> bool:
        """Whether this machine has what it needs."""
        has_library = not self.library or importlib.util.find_spec(self.library) is not None
        has_program = not self.program or shutil.which(self.program) is not None
        return has_library and has_program and (not self.package or _node_finds(self.package))

    def start(self) -> AbstractContextManager[Server]:
        """Run it. Raises: NotStarted."""
        return running([str(PEERS / f"{self.file}.py")], preexec=_on_first_core)


@cache
def _node_finds(package: str) -> bool:
    """Whether Node finds a package from the current folder."""
    resolve = ["node", "-e", f"require.resolve('{package}')"]
    return subprocess.run(resolve, capture_output=True, check=False).returncode == 0


PLAIN_POLLING = Peer("plain Tornado", "plain_polling")
CHATS = (
    Peer("aiohttp", "aiohttp_chat", library="aiohttp"),
    Peer("plain Tornado", "plain_tornado"),
    Peer("picows", "picows_chat", library="picows"),
    Peer("websockets", "websockets_chat", library="websockets"),
    Peer("uvicorn", "uvicorn_chat", library="uvicorn"),
    Peer("ws on Node", "node_chat", program="node", package="ws"),
    Peer("Nchan", "nchan_chat", program="nginx"),
    Peer("bare loop, Python", "bare_loop"),
    Peer("bare loop, C", "c_loop", program="cc"),
)


def beside(
    settings: Settings, mine: Contender, measure: Measure, bounds: dict[str, float]
) -> list[Contender]:
    """Return ours, then the peers that are installed."""
    peers = [
        Contender(peer.name, peer.start, measure, bounds.get(peer.name))
        for peer in CHATS
        if peer.installed and (settings.peers is None or peer.file in settings.peers)
    ]
    return [mine, *peers]


def missing() -> list[str]:
    """Return a sentence for each peer that isn't installed."""
    return [
        f"{peer.name} isn’t measured: {peer.library or peer.package or peer.program} is not installed"
        for peer in CHATS
        if not peer.installed
    ]


@contextmanager
def ours(store: str = "memory") -> Iterator[Server]:
    """Run this project's server; `store` may be `sqlite` or `redis`, each with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        keeping = {"sqlite": partial(_file, folder), "redis": partial(_redis, folder)}
        with keeping.get(store, _memory)() as where:
            command = (*CHAT, f"--store={where}")
            with running(command, preexec=_on_first_core) as server:
                yield server


@contextmanager
def _memory() -> Iterator[str]:
    yield "memory"


@contextmanager
def _file(folder: str) -> Iterator[str]:
    yield f"sqlite:{folder}/chat.db"


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    port = free_port()
    try:
        command = ["redis-server", "--port", str(port), "--dir", folder, *REDIS]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise NotStarted("redis-server is not installed") from error
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _on_first_core() -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})
