"""Processes: several servers on one port, and a parent that serves nothing and only keeps them running.

The kernel deals out new connections to all who listen on the port (`SO_REUSEPORT`). The parent forks them before there
is any event loop, waits for signals, and has no other state than who runs. A child leaves the parent’s process group,
so that Ctrl-C reaches the parent alone; and it holds the end of a pipe, so that it knows when the parent is gone.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable

STEADY_SECONDS = 5.0  # who lives for less has died at once
BACK_OFF_SECONDS = 10.0  # the longest pause before who died at once is started again
AWAITED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


def reserve(port: int, address: str) -> socket.socket:
    """Take a port, a free one when `port` is 0, for all who will listen there with reuse_port. Raises: OSError."""
    family, _, _, _, where = socket.getaddrinfo(
        address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.create_server(where, family=family) as probe:  # fails when anybody listens there
        where = probe.getsockname()
    holder = socket.socket(family)  # bound, and never listening: no connection comes here
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(where)
    return holder


class Processes:
    """Keeps `count` processes running that all do `work`, each to be ended by SIGTERM."""

    def __init__(self, count: int, work: Callable[[], int]) -> None:
        self._count = count
        self._work = work
        self._began: dict[int, float] = {}  # pid -> when it was started
        self._died_at_once = 0
        self._stopping = False
        self._reading_end, self._writing_end = os.pipe()

    def run(self) -> int:
        """Start all, and again whichever dies, until SIGTERM or Ctrl-C; return 0 when all have ended."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # what nobody handles may not wake sigwait
        self._unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        for _ in range(self._count):
            self._start()
        while self._began:
            if signal.sigwait(AWAITED) != signal.SIGCHLD:
                self._stop()
            self._bury()
        return 0

    def _start(self, pause_seconds: float = 0.0) -> None:
        pid = os.fork()
        if pid == 0:
            self._live(pause_seconds)
        self._began[pid] = time.monotonic()

    def _stop(self) -> None:
        self._stopping = True
        for pid in self._began:
            os.kill(pid, signal.SIGTERM)

    def _bury(self) -> None:
        """Take note of all who have died, and start others in their place."""
        while self._began:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            lived_seconds = time.monotonic() - self._began.pop(pid)
            if not self._stopping:
                log.warning("process %d ended (%s), and is started again", pid, _how(status))
                self._start(self._pause_seconds(lived_seconds))

    def _pause_seconds(self, lived_seconds: float) -> float:
        if lived_seconds > STEADY_SECONDS:
            self._died_at_once = 0
            return 0.0
        self._died_at_once += 1
        return random.random() * min(BACK_OFF_SECONDS, 0.1 * 2.0 ** min(self._died_at_once, 10))

    # From here on: only in a child.

    def _live(self, pause_seconds: float) -> None:
        """Do the work, and end the process."""
        status = 1
        try:
            os.setpgid(0, 0)
            os.close(self._writing_end)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._unblocked)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            threading.Thread(target=self._follow_parent, daemon=True).start()
            time.sleep(pause_seconds)
            status = self._work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)  # not through what the parent would have done next

    def _follow_parent(self) -> None:
        os.read(self._reading_end, 1)  # nobody writes: it ends when the parent does
        os.kill(os.getpid(), signal.SIGTERM)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
