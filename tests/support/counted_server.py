"""`python -m tutorial`, which prints on SIGUSR1 how many blocks of memory Python has allocated, and its bytes.

The blocks are exact, and garbage that nobody has collected counts. The bytes are what the system says that the process
occupies once that is collected, too, and the C library (glibc) has given back what it keeps for later.
"""

from __future__ import annotations

import ctypes
import gc
import signal
import sys
from contextlib import suppress
from types import FrameType

from transports.metrics import rss_bytes
from tutorial.__main__ import main


def report(_signal: int, _frame: FrameType | None) -> None:
    """Print the number of allocated blocks, and of bytes."""
    blocks = sys.getallocatedblocks()
    gc.collect()
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    print(blocks, rss_bytes(), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, report)
    sys.exit(main(sys.argv[1:]))
