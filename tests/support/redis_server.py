"""A real Redis on a free port, in a folder of its own, that keeps what it acknowledged (`appendfsync always`)."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import redis

from tests.support.ports import free_port
from tests.support.programs import installed
from tests.support.waiting import PATIENCE_SECONDS


class RedisServer:
    """A Redis that can be ended, killed, stopped short and started again, with its data or without."""

    def __init__(self, folder: Path, *options: str) -> None:
        installed("redis-server")
        self.port = free_port()
        self._folder = folder
        self._options = options
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port, decode_responses=True)
        self.start()

    def start(self, *options: str) -> None:
        """Start it, and return when it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self._folder), "--save", "", "--loglevel", "warning"]
        command += ["--appendonly", "yes", "--appendfsync", "always", *self._options, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            self._wait_for_answer()
        except BaseException:
            self.kill()
            raise

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.client.ping()
            except redis.AuthenticationError:
                return  # it answers, though not to us
            except redis.RedisError:
                assert self.process.poll() is None, "redis-server ended at once"
                assert time.monotonic() < deadline, "redis-server doesn’t answer"
            else:
                return

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()
        self.client.close()

    def forget(self) -> None:
        """Throw its data away; it must not run."""
        shutil.rmtree(self._folder / "appendonlydir", ignore_errors=True)
