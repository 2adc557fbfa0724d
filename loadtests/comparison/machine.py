"""Machine: what the run ran on, and whether it can hold what was asked for."""

from __future__ import annotations

import os
import platform
import resource
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from loadtests.results.plan import descriptors_needed

PACKAGES = ("tornado", "locust", "gevent", "geventhttpclient", "websocket-client")
BYTES_A_USER = 200_000  # Locust's and the server's side together, measured generously
DEFAULT_PORTS = 28_232  # Linux: 32768 to 60999


class TooMany(Exception):
    """The machine can't hold so many users; the text says what it takes."""


def describe() -> dict[str, str]:
    """Say what machine this is, and which versions of what run on it."""
    told = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            told[package] = version(package)
        except PackageNotFoundError:
            told[package] = "not installed"
    return told


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def make_room(users: int) -> None:
    """Raise this process's limits, which its children inherit, so that `users` fit. Raises: TooMany."""
    needed = descriptors_needed(users)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooMany(
            f"{users} users need {needed} file descriptors a process, and the limit is {hard}: "
            f"raise it (ulimit -n {needed}) or ask for fewer --users"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    if users > (ports := _ports()):
        raise TooMany(
            f"{users} users need as many local ports, and this machine has {ports}: ask for fewer --users"
        )
    if users * BYTES_A_USER > (free := _free_bytes()):
        needed_mb, free_mb = users * BYTES_A_USER // 10**6, free // 10**6
        raise TooMany(
            f"{users} users need about {needed_mb} MB, and {free_mb} MB are free: ask for fewer --users"
        )


def _ports() -> int:
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not told.exists():
        return DEFAULT_PORTS
    low, high = map(int, told.read_text().split())
    return high - low + 1


def _free_bytes() -> int:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
