"""`python -m tutorial`, which prints on SIGUSR1 how many blocks of memory Python has allocated, and its bytes.

The blocks are exact. The bytes are what the system says that the process occupies, once the C library (glibc) has
given back what it keeps for later; Python's own allocator keeps a little, which isn't a leak.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from contextlib import suppress
from types import FrameType

from transports.metrics import rss_bytes
from tutorial.__main__ import main


def report(_signal: int, _frame: FrameType | None) -> None:
    """Print the number of allocated blocks, and of bytes; garbage that nobody has collected counts."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    print(sys.getallocatedblocks(), rss_bytes(), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, report)
    sys.exit(main(sys.argv[1:]))
