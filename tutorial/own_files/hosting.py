"""The process of a learner's program: it ends with the server that started it, and leaves no core dump.

Its standard input is a pipe that the server holds and never writes to.
"""

from __future__ import annotations

import os
import resource
import runpy
import sys
import threading


def _follow_server() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_follow_server, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
