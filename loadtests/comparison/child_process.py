"""Child process: a Python program that ends when its parent does, however the parent ends.

A parent that is killed can't end its children. So a child's standard input is a pipe that nobody writes to: when the
parent is gone, the kernel closes it, and the child ends itself. This module is both sides: `start` is the parent's; run
as a program, it watches the pipe, and becomes the program that was asked for.
"""

from __future__ import annotations

import _thread  # not threading, which gevent replaces
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

END_SECONDS = 5.0


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[str]:
    """Start `python COMMAND`, which is `-m MODULE …` or `FILE …`; `options` are those of subprocess.Popen.

    Raises: OSError.
    """
    words = [sys.executable, "-m", __name__, *command]
    return subprocess.Popen(words, stdin=subprocess.PIPE, text=True, **options)


def end(process: subprocess.Popen[str]) -> int:
    """Ask a process to end, kill one that doesn't, and return its exit status."""
    process.terminate()
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def _watch(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Become the program that the arguments name."""
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _thread.start_new_thread(_watch, (pipe,))
    if sys.argv[1] == "-m":
        sys.argv = sys.argv[2:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = sys.argv[1:]
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
