"""Servers to measure: ours, and the peers beside this file. Each is a process of its own, on the first core."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

PEERS = Path(__file__).parent / "peers"
LEAVE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it listens, and what it has used so far."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """CPU time of the process, user and system, in seconds; its clock ticks every 10 ms."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def rss_bytes(self) -> int:
        """Memory that the process occupies, in bytes."""
        return int(self.process.memory_info().rss)


@contextmanager
def ours(store: str = "memory") -> Iterator[Server]:
    """Run this project's server on a free port; `store` may be `sqlite`, for a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        where = f"sqlite:{folder}/chat.db" if store == "sqlite" else store
        command = ["-m", "tutorial", "--port=0", f"--store={where}", "--rate-limit=0"]
        with _running(command) as server:
            yield server


@contextmanager
def peer(name: str) -> Iterator[Server]:
    """Run the peer of that file name on a free port."""
    with _running([str(PEERS / f"{name}.py")]) as server:
        yield server


@contextmanager
def _running(command: list[str]) -> Iterator[Server]:
    """Run a Python program that prints a line ending in its port, `…:PORT/`, when it is ready."""
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, preexec_fn=_on_first_core
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{command} ended before it listened")
        yield Server(int(line.rstrip("/\n").rpartition(":")[2]), psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _on_first_core() -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})
