"""`python -m tutorial`, which prints on SIGUSR1 how many blocks of memory Python has allocated.

The number is exact. What the system says a process occupies also has what its allocators keep for later.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from tutorial.__main__ import main


def report(_signal: int, _frame: FrameType | None) -> None:
    """Print the number of allocated blocks; garbage that nobody has collected counts."""
    print(sys.getallocatedblocks(), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, report)
    sys.exit(main(sys.argv[1:]))
