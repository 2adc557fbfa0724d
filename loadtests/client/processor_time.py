"""Processor time: how busy this whole machine is with all its programs."""

from __future__ import annotations

import psutil


def busy_seconds() -> float:
    """Return the processor seconds that all programs of this machine have used."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "guest", 0.0)
    return float(sum(times) - idle)
