"""Processor time: how busy this whole machine is with all its programs, and how long this one waits for its turn."""

from __future__ import annotations

from pathlib import Path

import psutil

OF_LINUX = Path("/proc/self/schedstat")  # nanoseconds that ran, nanoseconds that waited, turns


def busy_seconds() -> float:
    """Return the processor seconds that all programs of this machine have used."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "guest", 0.0)
    return float(sum(times) - idle)


def queued_seconds() -> float:
    """Return for how long this process has wanted a processor while others had them; 0 where nobody counts it."""
    try:
        return int(OF_LINUX.read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
