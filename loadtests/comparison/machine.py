"""Machine: what the run ran on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

PACKAGES = ("tornado", "locust", "gevent", "geventhttpclient", "websocket-client")


def describe() -> dict[str, str]:
    """Return what machine this is, and which versions of what run on it."""
    from importlib.metadata import version  # half as long as the rest of a start, and rarely needed

    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
